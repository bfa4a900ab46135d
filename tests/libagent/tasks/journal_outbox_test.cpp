#include "libagent/tasks/journal_outbox.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

const error disk_full{errc::unavailable, "no space left"};
const error sync_failed{errc::io_failed, "the sync failed"};

task_id numbered(std::uint8_t number) {
  task_id id;
  id.bytes[15] = number;
  return id;
}

/// An outbox on a hand-moved clock, and the names of the writes whose effects were called: "+a"
/// when committed, "-a" when not.
struct outbox_harness {
  void accept(std::uint8_t id, const std::string& name, bool refusable = true) {
    outbox.write(write_accepted{.task = {.id = numbered(id)}, .refusable = refusable}, note(name));
  }

  void change(std::uint8_t id, const std::string& name) {
    outbox.write(write_state{.id = numbered(id)}, note(name));
  }

  journal_outbox::effect note(const std::string& name) {
    return [this, name](const error* failure) {
      told.push_back((failure == nullptr ? "+" : "-") + name);
    };
  }

  journal_batch take() {
    auto batch = outbox.next(now);
    REQUIRE(batch);
    return *std::move(batch);
  }

  void commit() { outbox.committed(take().number); }

  void fail(const error& why) { outbox.failed(take().number, why, now); }

  std::vector<std::string> all_told() { return std::exchange(told, {}); }

  journal_outbox outbox;
  time_point now{1h};
  std::vector<std::string> told;
};

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("effects wait until their batch is committed, in order", "[tasks][journal]") {
  outbox_harness h;
  CHECK_FALSE(h.outbox.next(h.now));
  h.accept(1, "a");
  h.change(1, "b");
  const auto batch = h.take();
  CHECK(batch.writes->size() == 2);
  CHECK(h.all_told().empty());
  h.outbox.committed(batch.number);
  CHECK(h.all_told() == names{"+a", "+b"});
  CHECK(h.outbox.idle());
}

TEST_CASE("what comes while a batch is under way makes the next one", "[tasks][journal]") {
  outbox_harness h;
  h.accept(1, "a");
  const auto first = h.take();
  h.accept(2, "b");
  h.accept(3, "c");
  CHECK_FALSE(h.outbox.next(h.now));
  CHECK(h.outbox.size() == 3);
  h.outbox.committed(first.number);
  CHECK(h.all_told() == names{"+a"});
  CHECK(h.take().writes->size() == 2);
}

TEST_CASE("an effect may write again", "[tasks][journal]") {
  outbox_harness h;
  h.outbox.write(write_purged{}, [&h](const error*) { h.change(1, "again"); });
  h.commit();
  CHECK(h.all_told().empty());
  h.commit();
  CHECK(h.all_told() == names{"+again"});
}

TEST_CASE("an answer about another batch is passed over", "[tasks][journal]") {
  outbox_harness h;
  h.accept(1, "a");
  const auto batch = h.take();
  h.outbox.committed(batch.number + 1);
  h.outbox.failed(batch.number + 1, disk_full, h.now);
  CHECK(h.all_told().empty());
  CHECK_FALSE(h.outbox.trouble());
  h.outbox.committed(batch.number);
  h.outbox.committed(batch.number);
  CHECK(h.all_told() == names{"+a"});
}

TEST_CASE("a batch has a largest size", "[tasks][journal]") {
  outbox_harness h;
  for (std::size_t i = 0; i <= journal_outbox::batch_max; ++i)
    h.outbox.write(write_purged{}, {});
  CHECK(h.take().writes->size() == journal_outbox::batch_max);
  CHECK(h.outbox.size() == journal_outbox::batch_max + 1);
}

TEST_CASE("without room, accepts are refused and states tried again in order", "[tasks][journal]") {
  outbox_harness h;
  h.change(1, "first");
  h.accept(2, "refused");
  h.change(2, "of the refused");
  h.change(3, "second");
  h.accept(4, "a child", false);
  const auto batch = h.take();
  h.accept(5, "waiting");
  h.change(1, "third");
  h.outbox.failed(batch.number, disk_full, h.now);
  CHECK(h.all_told() == names{"-refused", "-waiting"});
  CHECK(h.outbox.trouble() == disk_full);
  CHECK_FALSE(h.outbox.is_broken());
  CHECK_FALSE(h.outbox.next(h.now));
  h.now = h.outbox.retry_at().value();
  h.commit();
  CHECK(h.all_told() == names{"+first", "+second", "+a child", "+third"});
  CHECK_FALSE(h.outbox.trouble());
}

// The commit may have been applied although the answer says that it was not.
TEST_CASE("a refused accept that was tried is taken out of the journal", "[tasks][journal]") {
  outbox_harness h;
  h.accept(1, "tried");
  const auto batch = h.take();
  h.accept(2, "not tried");
  h.outbox.failed(batch.number, disk_full, h.now);
  h.now = h.outbox.retry_at().value();
  const auto again = h.take();
  REQUIRE(again.writes->size() == 2);
  const auto& ended = std::get<write_state>((*again.writes)[0]);
  CHECK(ended.id == numbered(1));
  CHECK(is_terminal(ended.now.state));
  CHECK(std::get<write_purged>((*again.writes)[1]).id == numbered(1));
}

TEST_CASE("the pause between tries grows up to a second", "[tasks][journal]") {
  outbox_harness h;
  h.change(1, "a");
  std::vector<duration> pauses;
  for (int i = 0; i < 7; ++i) {
    h.fail(disk_full);
    pauses.push_back(h.outbox.retry_at().value() - h.now);
    h.now = *h.outbox.retry_at();
  }
  CHECK(pauses == std::vector<duration>{50ms, 100ms, 200ms, 400ms, 800ms, 1s, 1s});
  h.commit();
  h.change(1, "b");
  h.fail(disk_full);
  CHECK(*h.outbox.retry_at() - h.now == 50ms);
}

// Else nothing would ever be accepted again after a batch of accepts only.
TEST_CASE("trouble ends by itself although everything was refused", "[tasks][journal]") {
  outbox_harness h;
  h.accept(1, "a");
  h.fail(disk_full);
  CHECK(h.all_told() == names{"-a"});
  CHECK_FALSE(h.outbox.idle());
  h.now = h.outbox.retry_at().value();
  h.commit();
  CHECK_FALSE(h.outbox.trouble());
  CHECK(h.outbox.idle());
}

TEST_CASE("a failure for good is told to everything, now and later", "[tasks][journal]") {
  outbox_harness h;
  h.change(1, "under way");
  const auto batch = h.take();
  h.accept(2, "waiting");
  h.outbox.failed(batch.number, sync_failed, h.now);
  CHECK(h.all_told() == names{"-under way", "-waiting"});
  CHECK(h.outbox.is_broken());
  CHECK(h.outbox.trouble() == sync_failed);
  h.change(3, "later");
  CHECK(h.all_told() == names{"-later"});
  CHECK(h.outbox.idle());
  CHECK_FALSE(h.outbox.next(h.now + 1h));
  CHECK(h.outbox.trouble() == sync_failed);
}
