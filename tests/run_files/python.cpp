#include "python.h"

#include <stdio.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

std::string run_python(const std::string& script, const std::vector<std::string>& arguments) {
  const char* wanted = std::getenv("DL_TEST_PYTHON");
  const std::string python = wanted ? wanted : DL_DEFAULT_PYTHON;
  if (!std::filesystem::exists(python)) throw std::runtime_error("there is no " + python + "; run tools/setup --test");

  std::string command = "'" + python + "' '" DL_TEST_SOURCES "/" + script + "'";
  for (const auto& argument : arguments) command += " '" + argument + "'";
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string output;
  char block[4096];
  while (const auto count = ::fread(block, 1, sizeof block, pipe)) output.append(block, count);
  if (const int status = ::pclose(pipe); status != 0) throw std::runtime_error(command + " failed:\n" + output);
  return output;
}
