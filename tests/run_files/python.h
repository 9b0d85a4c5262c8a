#pragma once
#include <string>
#include <vector>

/// What `SCRIPT ARGUMENTS…` (a file of this folder) prints, run by the Python that has numpy and safetensors:
/// $DL_TEST_PYTHON, else the one that `tools/setup --test` installs. Throws with the script's output if it fails.
std::string run_python(const std::string& script, const std::vector<std::string>& arguments);
