#include "libagent/adapters/folder_indexer.hpp"
#include "libagent/adapters/sqlite.hpp"

#include "tests/support/indexed_folder.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <functional>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace libagent;
using testing::indexed_folder;

namespace {

constexpr std::size_t file_count = 24;

void write_documents(const indexed_folder& folder) {
  for (std::size_t i = 0; i < file_count; ++i) {
    folder.documents.write("file" + std::to_string(i) + ".txt",
                           "apple number" + std::to_string(i) + "\n\n" + std::string(3'000, 'z'));
  }
}

/// Runs the indexer in a child process; `after_file` is called there after each file.
pid_t index_in_child(const indexed_folder& folder, std::uint64_t commit_bytes,
                     const std::function<void(std::uint64_t)>& after_file) {
  const auto child = fork();
  if (child != 0)
    return child;
  folder_index_options options;
  options.commit_bytes = commit_bytes;
  const auto done =
      index_folder(folder.documents.path(), folder.data.path(), options, {},
                   [&](const folder_index_progress& now) { after_file(now.files_done); });
  _exit(done ? 0 : 1);
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

/// Whatever is committed must be whole: SQLite's own check, then each file exactly once.
void check_next_run_completes(const indexed_folder& folder, std::size_t committed_min) {
  const auto report = folder.index();
  REQUIRE(report);
  CHECK(report->files_unchanged >= committed_min);
  CHECK(report->files_unchanged + report->files_indexed == file_count);
  const auto found = folder.files_with("apple");
  CHECK(found.size() == file_count);
  CHECK(std::set<std::string>(found.begin(), found.end()).size() == file_count);
  auto database = sqlite_database::open(folder.database(), sqlite_database::access::read);
  REQUIRE(database);
  CHECK(database
            ->query_integer("SELECT count(*) FROM pragma_quick_check "
                            "WHERE quick_check = 'ok'")
            .value_or(0) == 1);
}

}  // namespace

TEST_CASE("an indexer killed after any file leaves what it committed", "[documents]") {
  const auto killed_after = GENERATE(std::uint64_t{1}, 2, 11, file_count - 1, file_count);
  const auto commit_bytes = GENERATE(std::uint64_t{1}, 10'000, std::uint64_t{1} << 30U);
  CAPTURE(killed_after, commit_bytes);
  const indexed_folder folder;
  write_documents(folder);
  const auto child = index_in_child(folder, commit_bytes, [killed_after](std::uint64_t done) {
    if (done == killed_after)
      kill(getpid(), SIGKILL);
  });
  const auto status = wait_for(child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
  check_next_run_completes(folder, commit_bytes == 1 ? killed_after : 0);
}

TEST_CASE("an indexer killed from outside at any moment leaves a sound index", "[documents]") {
  const auto files_before_kill = GENERATE(range(std::size_t{1}, file_count));
  CAPTURE(files_before_kill);
  const indexed_folder folder;
  write_documents(folder);
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const auto child = index_in_child(folder, 1, [write_end = pipe_ends[1]](std::uint64_t) {
    if (write(write_end, "x", 1) != 1)
      _exit(2);
  });
  close(pipe_ends[1]);
  // The child runs on while we read, so the signal meets it anywhere, also inside a commit.
  char byte = 0;
  for (std::size_t i = 0; i < files_before_kill; ++i)
    REQUIRE(read(pipe_ends[0], &byte, 1) == 1);
  kill(child, SIGKILL);
  wait_for(child);
  close(pipe_ends[0]);
  check_next_run_completes(folder, files_before_kill);
}
