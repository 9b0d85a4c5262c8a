#include "core/run_directory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <thread>

#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(run_directory)

BOOST_AUTO_TEST_CASE(is_named_by_experiment_time_and_name) {
  const TemporaryFolder root;
  const auto run = RunDirectory::create(root / "runs", "Default", "resnet");
  const auto name = run.path().filename().string();
  BOOST_TEST(std::regex_match(name, std::regex(R"(20\d\d-\d\d-\d\dT\d\d-\d\d-\d\dZ-resnet)")), name);
  BOOST_TEST(run.path().parent_path() == root / "runs" / "Default");
  BOOST_TEST(fs::is_directory(run.checkpoints()));
  BOOST_TEST(fs::is_directory(run.artifacts()));
}

BOOST_AUTO_TEST_CASE(odd_names_stay_inside) {
  const TemporaryFolder root;
  for (const char* name : {"a/b", "../../x", "..", "", "/etc", "x\n", "$(rm)", "ünï"}) {
    const auto run = RunDirectory::create(root / "runs", name, name);
    BOOST_TEST(run.path().parent_path().parent_path() == root / "runs", run.path().string());
    BOOST_TEST(run.path().string().find_first_of("\n$()") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(threads_get_a_folder_each) {
  const TemporaryFolder root;
  std::vector<fs::path> paths(32);
  std::vector<std::thread> threads;
  for (auto& path : paths)
    threads.emplace_back([&] { path = RunDirectory::create(root / "runs", "Default", "x").path(); });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(std::set(paths.begin(), paths.end()).size() == paths.size());
}

BOOST_AUTO_TEST_CASE(processes_get_a_folder_each) {
  const TemporaryFolder root;
  std::vector<pid_t> children;
  for (int i = 0; i < 16; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) {
      try {
        for (int run = 0; run < 4; ++run) RunDirectory::create(root / "runs", "Default", "x");
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
  }
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
  }
  BOOST_TEST(std::distance(fs::directory_iterator(root / "runs" / "Default"), {}) == 64);
}

BOOST_AUTO_TEST_CASE(a_given_folder_is_taken_once) {
  const TemporaryFolder root;
  const auto run = RunDirectory::at(root / "a" / "b", false);
  BOOST_TEST(run.path() == root / "a" / "b");
  // Without a run.json it is nobody's yet.
  RunDirectory::at(root / "a" / "b", false);
  run.write_run({{"status", "running"}});
  check_error([&] { RunDirectory::at(root / "a" / "b", false); }, {root / "a" / "b", "run.json", "--resume"});
  BOOST_TEST(RunDirectory::at(root / "a" / "b", true).read_run()["status"] == "running");
  BOOST_TEST(RunDirectory::open(root / "a" / "b").path() == run.path());
  check_error([&] { RunDirectory::open(root / "c"); }, {root / "c"});
}

BOOST_AUTO_TEST_CASE(relative_paths_survive_a_change_of_folder) {
  const TemporaryFolder root;
  const auto before = fs::current_path();
  fs::current_path(root.path());
  const auto run = RunDirectory::at("here", false);
  fs::current_path(before);
  BOOST_TEST(run.path() == root / "here");
}

BOOST_AUTO_TEST_CASE(run_json_is_rewritten_whole) {
  const TemporaryFolder root;
  const auto run = RunDirectory::at(root / "run", false);
  nlohmann::ordered_json record = {{"status", "running"}, {"zeta", 1}, {"alpha", {1, 2}}, {"odd", "\xff"}};
  run.write_run(record);
  record["status"] = "finished";
  run.write_run(record);
  BOOST_TEST(read_text(run.run_file()) ==
             "{\n  \"status\": \"finished\",\n  \"zeta\": 1,\n  \"alpha\": [\n    1,\n    2\n  ],\n  \"odd\": "
             "\"\xEF\xBF\xBD\"\n}\n");
  write_text(run.run_file(), "{");
  check_error([&] { run.read_run(); }, {run.run_file(), "broken"});
  run.write_config("a = 1\n");
  BOOST_TEST(read_text(run.config_file()) == "a = 1\n");
}

BOOST_AUTO_TEST_CASE(mlruns_is_refused) {
  const TemporaryFolder root;
  check_error([&] { RunDirectory::create(root / "mlruns", "a", "b"); }, {"mlruns", "MLflow"});
  check_error([&] { RunDirectory::at(root / "mlruns" / "x", false); }, {"mlruns", "MLflow"});
  check_error([&] { RunDirectory::at(root / "mlruns" / "", false); }, {"mlruns", "MLflow"});
  BOOST_TEST(fs::is_empty(root.path()));
}

BOOST_AUTO_TEST_CASE(places_that_can_not_be_written) {
  const TemporaryFolder root;
  write_text(root / "file", "");
  check_error([&] { RunDirectory::create(root / "file", "a", "b"); }, {root / "file", "Not a directory", "--run-dir"});
  check_error([&] { RunDirectory::at(root / "file", false); }, {root / "file", "Not a directory", "--run-dir"});
  check_error([&] { RunDirectory::create("/proc/none", "a", "b"); }, {"/proc/none", "--run-dir"});
}

/// Root may write anywhere, so this one drops to nobody in a child.
BOOST_AUTO_TEST_CASE(folders_without_permission) {
  const TemporaryFolder root;
  fs::create_directory(root / "theirs");
  using enum fs::perms;
  fs::permissions(root.path(), owner_all | group_exec | others_exec);
  fs::permissions(root / "theirs", owner_read | owner_exec | group_read | group_exec | others_read | others_exec);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    int wrong = 0;
    for (const auto& call : std::vector<std::function<void()>>{[&] { RunDirectory::create(root / "theirs", "a", "b"); },
                                                               [&] { RunDirectory::at(root / "theirs", false); }}) {
      try {
        call();
        ++wrong;
      } catch (const dl::Error& e) {
        const std::string text = e.what();
        if (text.find("Permission denied") == std::string::npos || text.find("--run-dir") == std::string::npos) ++wrong;
      }
    }
    ::_exit(wrong);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
