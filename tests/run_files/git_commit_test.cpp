#include "core/git_commit.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "support/temporary_folder.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

/// git's own answers are the oracle. Its settings must not depend on who runs the test.
std::string git(const fs::path& folder, const std::string& command) {
  const auto output = folder.parent_path() / "git-output";
  const std::string line = "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C '" + folder.string() +
                           "' -c user.name=a -c user.email=a@b.c -c init.defaultBranch=main " + command + " >'" +
                           output.string() + "' 2>&1";
  BOOST_TEST_REQUIRE(std::system(line.c_str()) == 0, read_text(output));
  auto text = read_text(output);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(git_commit_as_git_tells_it) {
  const TemporaryFolder root;
  const auto repository = root / "repository";
  BOOST_TEST(!git_commit(root.path()).has_value());
  fs::create_directories(repository / "deep" / "er");
  git(repository, "init -q");
  BOOST_TEST(!git_commit(repository).has_value());

  git(repository, "commit -q --allow-empty -m one");
  const auto first = git(repository, "rev-parse HEAD");
  BOOST_TEST(git_commit(repository).value() == first);
  BOOST_TEST(git_commit(repository / "deep" / "er").value() == first);

  git(repository, "branch side/branch");
  git(repository, "commit -q --allow-empty -m two");
  const auto second = git(repository, "rev-parse HEAD");
  BOOST_TEST(git_commit(repository).value() == second);

  git(repository, "pack-refs --all");
  BOOST_TEST(!fs::exists(repository / ".git" / "refs" / "heads" / "main"));
  BOOST_TEST(git_commit(repository).value() == second);

  git(repository, "worktree add -q ../linked side/branch");
  BOOST_TEST(git_commit(root / "linked").value() == first);
  git(root / "linked", "commit -q --allow-empty -m three");
  BOOST_TEST(git_commit(root / "linked").value() == git(root / "linked", "rev-parse HEAD"));
  BOOST_TEST(git_commit(repository).value() == second);

  git(repository, "checkout -q --detach " + first);
  BOOST_TEST(git_commit(repository).value() == first);

  write_text(repository / ".git" / "HEAD", "ref: refs/heads/none\n");
  BOOST_TEST(!git_commit(repository).has_value());
  write_text(repository / ".git" / "HEAD", "rubbish");
  BOOST_TEST(!git_commit(repository).has_value());
}
