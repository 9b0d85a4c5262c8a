#include "core/launch.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

BOOST_AUTO_TEST_SUITE(launch)

BOOST_AUTO_TEST_CASE(alone_and_under_mpirun) {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) unsetenv(name);
  BOOST_TEST(!dl::host::launch_from_environment().by_mpirun);
  setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
  setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  setenv("OMPI_COMM_WORLD_LOCAL_RANK", "1", 1);
  setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "2", 1);
  const auto launch = dl::host::launch_from_environment();
  BOOST_TEST(launch.by_mpirun);
  BOOST_TEST(launch.size == 4);
  BOOST_TEST(launch.rank == 3);
  BOOST_TEST(launch.local_rank == 1);
  BOOST_TEST(launch.local_size == 2);
  BOOST_TEST(!launch.prints());
  for (const char* name : {"SIZE", "RANK", "LOCAL_RANK", "LOCAL_SIZE"})
    unsetenv((std::string("OMPI_COMM_WORLD_") + name).c_str());
}

BOOST_AUTO_TEST_CASE(threads) {
  dl::host::Launch launch;
  BOOST_TEST(dl::host::threads_for(launch, 7) == 7);
  BOOST_TEST(dl::host::threads_for(launch, 0) >= 1);
  launch.local_size = 1000;
  BOOST_TEST(dl::host::threads_for(launch, 0) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
