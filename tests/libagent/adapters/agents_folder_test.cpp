#include "libagent/adapters/agents_folder.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

using told_files = expected<std::vector<agent_file>>;

/// What a watch tells, to be waited for.
class told_changes {
public:
  agents_folder_watch::listener listener() {
    return [this](told_files files) {
      const std::lock_guard guard{mutex_};
      told_.push_back(std::move(files));
      more_.notify_all();
    };
  }

  /// The next one; empty when none comes within half a minute.
  std::optional<told_files> next() {
    std::unique_lock lock{mutex_};
    if (!more_.wait_for(lock, 30s, [this] { return !told_.empty(); }))
      return std::nullopt;
    auto first = std::move(told_.front());
    told_.pop_front();
    return first;
  }

  bool is_empty() {
    const std::lock_guard guard{mutex_};
    return told_.empty();
  }

private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<told_files> told_;
};

/// Puts a file there whole, so that no look sees half of it.
void place(const temporary_folder& folder, const std::string& name, std::string_view content) {
  folder.write("unfinished", content);
  std::filesystem::rename(folder.path() / "unfinished", folder.path() / name);
}

}  // namespace

TEST_CASE("a folder of agents is read by name, without what is hidden or no declaration",
          "[agents_folder]") {
  const temporary_folder folder;
  folder.write("b.json", "{}");
  folder.write("a.json", "text");
  folder.write(".#a.json", "an editor's");
  folder.write("notes.md", "no");
  folder.write("sub.json/deep.json", "no");
  const auto files = read_agents_folder(folder.path());
  REQUIRE(files);
  CHECK(*files == std::vector<agent_file>{{"a.json", "text"}, {"b.json", "{}"}});
}

TEST_CASE("no folder of agents is an empty one", "[agents_folder]") {
  const temporary_folder folder;
  const auto files = read_agents_folder(folder.path() / "none");
  REQUIRE(files);
  CHECK(files->empty());
}

TEST_CASE("a file where the folder of agents should be is an error", "[agents_folder]") {
  const temporary_folder folder;
  folder.write("file", "");
  CHECK(read_agents_folder(folder.path() / "file").error().code == errc::io_failed);
}

TEST_CASE("a folder of agents is bounded by files, by bytes of each and of all",
          "[agents_folder]") {
  const temporary_folder folder;
  folder.write("a.json", "12345");
  folder.write("b.json", "123");
  CHECK(read_agents_folder(folder.path(), {.files_max = 2, .file_bytes_max = 5, .bytes_max = 8}));
  const auto refusal_of = [&folder](const agents_folder_limits& limits) {
    return read_agents_folder(folder.path(), limits).error();
  };
  CHECK(refusal_of({.files_max = 1}).code == errc::too_large);
  const auto too_long = refusal_of({.file_bytes_max = 4});
  CHECK(too_long.code == errc::too_large);
  CHECK(too_long.context.find("a.json") != std::string::npos);
  CHECK(refusal_of({.bytes_max = 7}).code == errc::too_large);
}

TEST_CASE("a watch tells of files that were added, changed and removed, and of nothing else",
          "[agents_folder]") {
  const temporary_folder folder;
  place(folder, "a.json", "1");
  told_changes told;
  agents_folder_watch watch{folder.path(), 1h, *read_agents_folder(folder.path()), told.listener()};
  watch.look_now();
  place(folder, "b.json", "2");
  watch.look_now();
  auto added = told.next();
  REQUIRE(added);
  CHECK((*added)->size() == 2);

  place(folder, "b.json", "changed");
  watch.look_now();
  auto changed = told.next();
  REQUIRE(changed);
  CHECK((**changed)[1] == agent_file{"b.json", "changed"});

  std::filesystem::remove(folder.path() / "a.json");
  watch.look_now();
  auto removed = told.next();
  REQUIRE(removed);
  CHECK((*removed)->size() == 1);
  CHECK(told.is_empty());
}

TEST_CASE("a watch looks by itself, again and again", "[agents_folder]") {
  const temporary_folder folder;
  told_changes told;
  const agents_folder_watch watch{folder.path(), 1ms, {}, told.listener()};
  place(folder, "a.json", "1");
  auto first = told.next();
  REQUIRE(first);
  place(folder, "a.json", "another");
  // What is half written may have been told, too.
  for (auto more = told.next(); more; more = told.next()) {
    if (**more == std::vector<agent_file>{{"a.json", "another"}})
      return;
  }
  FAIL("the change was not told");
}

TEST_CASE("what cannot be read is told once, and then that it can be read again",
          "[agents_folder]") {
  const temporary_folder folder;
  place(folder, "a.json", "12345");
  told_changes told;
  agents_folder_watch watch{folder.path(), 1h, {}, told.listener(), {.file_bytes_max = 3}};
  watch.look_now();
  auto failed = told.next();
  REQUIRE(failed);
  CHECK(failed->error().code == errc::too_large);
  watch.look_now();  // the same failure: nothing is told
  place(folder, "a.json", "123");
  watch.look_now();
  auto read = told.next();
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((**read)[0].text == "123");
  CHECK(told.is_empty());
}

TEST_CASE("a touched file whose content is the same is no change", "[agents_folder]") {
  const temporary_folder folder;
  place(folder, "a.json", "1");
  told_changes told;
  agents_folder_watch watch{folder.path(), 1h, *read_agents_folder(folder.path()), told.listener()};
  watch.look_now();
  place(folder, "a.json", "1");
  watch.look_now();
  place(folder, "b.json", "2");
  watch.look_now();
  auto next = told.next();
  REQUIRE(next);
  CHECK((*next)->size() == 2);
  CHECK(told.is_empty());
}
