#include "core/command_line.h"
#include "core/launch.h"

int main(int argc, char** argv) {
  dl::host::tune_allocator();
  return dl::host::command_line(argc, argv);
}
