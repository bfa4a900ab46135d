#include "apps/lab/sessions_filling.hpp"

#include "apps/lab/store_runs.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace libagent::lab {

namespace {

constexpr std::size_t sessions_of_client = 100;
constexpr std::size_t appends_in_commit = 500;

std::string event_text(const char* kind, std::size_t mean_bytes, seeded_random& random) {
  std::string text = R"({"kind":")" + std::string{kind} + R"(","text":")";
  for (auto left = mean_bytes / 2 + random() % mean_bytes; left > 0; --left)
    text += static_cast<char>('a' + random() % 26);
  return text + R"("})";
}

}  // namespace

std::vector<std::string> plain_turn_texts(std::uint64_t, seeded_random& random) {
  return {event_text("question", 60, random), event_text("calls", 130, random),
          event_text("results", 450, random), event_text("answer", 290, random)};
}

session_name lab_session(std::uint64_t number) {
  return {"client-" + std::to_string(number / sessions_of_client),
          "session-" + std::to_string(number)};
}

void fill_sessions(session_store& kept, const filling& what) {
  std::vector<std::uint64_t> order(what.sessions);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  std::vector<std::uint64_t> stored(what.sessions, 0);
  seeded_random random{what.seed};
  auto now = lab_sessions_begin;
  std::vector<session_write> writes;
  for (std::uint64_t turn = 0; turn < what.turns; ++turn) {
    std::shuffle(order.begin(), order.end(), random);
    for (const auto number : order) {
      append_events append{.name = lab_session(number),
                           .agent = "documents",
                           .first = stored[number],
                           .events = what.texts(turn, random),
                           .at = now++,
                           .approvals = {}};
      stored[number] += append.events.size();
      writes.emplace_back(std::move(append));
      if (writes.size() == appends_in_commit)
        done_or_trouble(kept.commit(std::exchange(writes, {})));
    }
  }
  done_or_trouble(kept.commit(writes));
}

}  // namespace libagent::lab
