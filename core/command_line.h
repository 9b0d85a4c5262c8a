#pragma once

namespace dl::host {

/// Reads the command line, does what it says and returns the exit code. Never throws.
int command_line(int argc, char** argv);

}  // namespace dl::host
