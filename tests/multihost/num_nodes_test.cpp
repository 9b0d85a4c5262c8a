// The number of hosts in the config is compared with what mpirun did.
#include <boost/test/unit_test.hpp>

#include "hosts.h"

using namespace multihost;

BOOST_AUTO_TEST_SUITE(num_nodes)

BOOST_AUTO_TEST_CASE(a_wrong_number_is_refused) {
  const end_to_end::Scratch scratch;
  scratch.write("c.toml", config());
  const auto refused = [&](const std::string& options, int wanted, const std::string& text) {
    const auto result = end_to_end::shell(
        scratch.path(), "timeout -k 5 60 " HOSTS "/on_host.sh 1 mpirun " + options +
                            " " DLHOST " c.toml --run-dir r --set engine.num_nodes=" + std::to_string(wanted));
    BOOST_TEST(result.code == 2);
    BOOST_TEST(result.says("error: rank 0: " + text), result.output);
    BOOST_TEST(!std::filesystem::exists(scratch.path() / "r"));
  };
  refused("--host 10.99.0.11:2,10.99.0.12:2 -n 4", 1,
          "--set engine.num_nodes: [engine] \"num_nodes\" is 1, but only 2 of the 4 ranks run on this host; set "
          "num_nodes to the number of hosts that "
          "mpirun uses");
  refused("--host 10.99.0.11:2,10.99.0.12:2 -n 4", 3,
          "[engine] num_nodes is 3, but the ranks run on 2 host(s): host1, host2");
  // mpirun fills hosts one after another, and leaves out those that it has no ranks for.
  refused("--host 10.99.0.11:2,10.99.0.12:2,10.99.0.13:2 -n 4", 3,
          "[engine] num_nodes is 3, but the ranks run on 2 host(s): host1, host2");
  refused("--host 10.99.0.11:2,10.99.0.12:2,10.99.0.13:2 -n 6", 2,
          "[engine] num_nodes is 2, but the ranks run on 3 host(s): host1, host2, host3");
  refused("--host 10.99.0.11:4,10.99.0.12:4 -n 4", 2, "[engine] num_nodes is 2, but the ranks run on 1 host(s): host1");
}

BOOST_AUTO_TEST_SUITE_END()
