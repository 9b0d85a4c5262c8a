#pragma once
#include <map>
#include <string>
#include <vector>

namespace dl::host {

/// The short names of `[engine] backend` and the classes that they stand for.
const std::map<std::string, std::string>& backend_classes();
std::vector<std::string> backend_names();
/// What `communicator = "auto"` stands for.
std::string default_communicator(bool by_mpirun, bool gpus);
/// What to add where a class of ours is missing because of how dlhost was built; "" for all others.
std::string build_hint(const std::string& type);
/// What `[engine] communicator` may be beside a class.
std::vector<std::string> communicator_names();

}  // namespace dl::host
