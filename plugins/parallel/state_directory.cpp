#include "state_directory.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <sstream>
#include <tuple>

#include "dl/error.h"

namespace parallel {

std::vector<StateEntry> all_states(dl::Communicator& control, std::span<const dl::Param> params,
                                   std::span<const size_t> parameters) {
  std::ostringstream own;  // a line each: parameter, dtype, key
  for (size_t i = 0; i < params.size(); ++i)
    for (const auto& [key, state] : params[i].states) {
      if (state.numel() != params[i].value.numel())
        throw dl::Error("the optimizer's state \"" + key + "\" of " + params[i].name + " has " +
                        std::to_string(state.numel()) + " elements for a piece of " +
                        std::to_string(params[i].value.numel()) + "; a backend that cuts parameters holds states of " +
                        "the parameter's own shape only");
      own << parameters[i] << ' ' << static_cast<int>(state.scalar_type()) << ' ' << key << '\n';
    }
  const auto text = own.str();
  dl::Tensor bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  if (!text.empty()) std::memcpy(bytes.data_ptr(), text.data(), text.size());
  const dl::Tensor all = control.all_gather_rows(bytes, "names of optimizer states");

  std::istringstream lines(std::string(static_cast<const char*>(all.const_data_ptr()), all.nbytes()));
  std::set<std::tuple<size_t, std::string, int>> entries;
  size_t parameter = 0;
  int dtype = 0;
  for (std::string key; lines >> parameter >> dtype && std::getline(lines >> std::ws, key);)
    entries.emplace(parameter, key, dtype);
  std::vector<StateEntry> states;
  for (const auto& [of, key, type] : entries) states.push_back({of, key, static_cast<at::ScalarType>(type)});
  return states;
}

}  // namespace parallel
