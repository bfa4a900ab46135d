#include "libagent/adapters/crash_points.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace libagent {

namespace {

std::string_view kind_of(const journal_write& what) {
  if (const auto* state = std::get_if<write_state>(&what)) {
    if (state->now.state == task_state::running)
      return "started";
    return is_terminal(state->now.state) ? "ended" : "queued";
  }
  if (std::holds_alternative<write_accepted>(what))
    return "accepted";
  return std::holds_alternative<write_group>(what) ? "group" : "schedule";
}

class crashing_journal final : public journal {
public:
  crashing_journal(journal_ptr kept, std::string point, std::uint64_t passes)
      : kept_{std::move(kept)}, point_{std::move(point)}, passes_left_{passes} {}

  expected<journal_contents> load() override { return kept_->load(); }

  expected<void> commit(std::span<const journal_write> writes) override {
    pass("before.", writes);
    auto done = kept_->commit(writes);
    if (done)
      pass("after.", writes);
    return done;
  }

  expected<std::optional<stored_task>> find(const task_id& id) override { return kept_->find(id); }

  expected<std::vector<stored_task>> list(const journal_query& query) override {
    return kept_->list(query);
  }

  expected<std::size_t> prune(unix_millis now) override { return kept_->prune(now); }

  expected<void> sync() override { return kept_->sync(); }

  journal_stats stats() override { return kept_->stats(); }

private:
  void pass(const std::string& when, std::span<const journal_write> writes) {
    for (const auto& each : writes) {
      if (when + std::string{kind_of(each)} == point_ && --passes_left_ == 0)
        (void)std::raise(SIGKILL);
    }
  }

  journal_ptr kept_;
  std::string point_;
  std::uint64_t passes_left_;
};

}  // namespace

journal_ptr with_crash_points(journal_ptr kept) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are other threads that change it
  const char* const asked = std::getenv("AGENT_CRASH_AT");
  if (asked == nullptr)
    return kept;
  const std::string_view text = asked;
  const auto colon = text.find(':');
  std::uint64_t passes = 1;
  if (colon != std::string_view::npos)
    (void)std::from_chars(text.data() + colon + 1, text.data() + text.size(), passes);
  return std::make_shared<crashing_journal>(std::move(kept), std::string{text.substr(0, colon)},
                                            passes);
}

}  // namespace libagent
