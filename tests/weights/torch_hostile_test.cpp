// Files that look like those of torch.save and are not (hostile_files.py): a clear error, nothing run, no memory taken.
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "core/weights_file.h"
#include "run_files/python.h"
#include "run_files/throws.h"
#include "support/temporary_folder.h"

using namespace dl::host;

namespace {

struct Hostile {
  std::string name;
  std::vector<std::string> parts;  ///< of the message
};

const std::vector<Hostile> kHostile = {
    {"system", {"posix.system", "runs no code"}},
    {"eval", {"__builtin__.eval", "runs no code"}},
    {"stack_global", {"os.system", "runs no code"}},
    {"instance", {"0x69", "instruction"}},
    {"new_object", {"0x81", "instruction"}},
    {"extension", {"0x82", "instruction"}},
    {"call_of_a_text", {"calls something that is no function"}},
    {"no_stop", {"cut off"}},
    {"long_text", {"2147483647 more bytes", "cut off"}},
    {"longer_text", {"9223372036854775807 more bytes", "cut off"}},
    {"negative_text", {"-1 more bytes"}},
    {"empty_stack", {"ends with other than one value"}},
    {"no_mark", {"a mark where there is none"}},
    {"pop_under_mark", {"calls something that is no function"}},
    {"unknown_memo", {"has not kept"}},
    {"protocol_0", {"protocol 2"}},
    {"list", {"holds no dict"}},
    {"no_tensors", {"no tensors"}},
    {"deep", {"holds no dict"}},
    {"compressed", {"archive/data.pkl is compressed"}},
    {"outside", {"\"w\"", "[4]", "from element 1", "storage of 4 elements"}},
    {"far_outside", {"\"w\"", "[1099511627776, 1099511627776]"}},
    {"negative_offset", {"\"w\"", "from element -1"}},
    {"negative_size", {"\"w\"", "numbers from 0 on"}},
    {"negative_stride", {"\"w\"", "numbers from 0 on"}},
    {"fraction", {"\"w\"", "numbers from 0 on"}},
    {"other_rank", {"\"w\"", "not as many strides"}},
    {"large_storage", {"\"w\"", "4611686018427387904 elements", "16 bytes"}},
    {"short_data", {"\"w\"", "4 elements", "15 bytes"}},
    {"missing_data", {"\"w\"", "storage 1", "lacks"}},
    {"quantised", {"torch.QUInt8Storage"}},
    {"unnamed", {"no text"}},
    {"twice", {"two members archive/data/0"}},
    {"no_pickle", {"no data.pkl"}},
    {"cut", {"cut off"}},
    {"cut_to_20", {"cut off"}},
    {"far_list", {"list of members", "2147483648"}},
    {"far_member", {"archive/data.pkl"}},
    {"large_member", {"archive/data.pkl", "1073741824 bytes"}},
    {"encrypted", {"archive/data.pkl is encrypted"}},
    {"zip64_far", {"zip64 end", "1152921504606846976"}},
    {"zip64_large", {"9223372036854775807 bytes"}},
    {"old_system", {"posix.system", "runs no code"}},
    {"old_magic", {"not one of torch.save"}},
    {"old_version", {"version 1000"}},
    {"old_big_endian", {"big-endian"}},
    {"old_view", {"\"w\"", "view of another one"}},
    {"old_cut", {"storage 0", "4 elements", "cut off"}},
    {"old_no_storage", {"storage 0", "cut off"}},
    {"old_large", {"storage 0", "4611686018427387904 elements"}},
    {"old_negative", {"storage 0", "-1 elements"}},
    {"old_key", {"storage 5"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_hostile)

BOOST_AUTO_TEST_CASE(each_is_refused) {
  const TemporaryFolder folder;
  run_python("hostile_files.py", {folder.path().string()});
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [name, parts] : kHostile) BOOST_TEST_CONTEXT(name) {
      auto expected = parts;
      expected.push_back(name + ".pt");
      check_error([&, &file = name] { open_weights(folder / (file + ".pt")); }, expected);
    }
  // What they say of their size is believed by nobody.
  BOOST_TEST(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < 5.0);
  BOOST_TEST(!std::filesystem::exists(folder / "ran"));
  for (const char* name : {"good", "zip64", "old_good"}) {
    const auto weights = open_weights(folder / (std::string(name) + ".pt"));
    BOOST_TEST_REQUIRE(weights.tensors.size() == 1U);
    BOOST_TEST(weights.read("w").numel() == 4, name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
