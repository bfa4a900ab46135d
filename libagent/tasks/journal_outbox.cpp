#include "libagent/tasks/journal_outbox.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <variant>

namespace libagent {

namespace {

constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::milliseconds longest_pause{1'000};

void call_effect(const journal_outbox::effect& then, const error* failure) {
  if (then)
    then(failure);
}

const write_accepted* as_refusable(const journal_write& what) {
  const auto* accepted = std::get_if<write_accepted>(&what);
  return accepted != nullptr && accepted->refusable ? accepted : nullptr;
}

}  // namespace

void journal_outbox::write(journal_write what, effect then) {
  if (is_broken_) {
    const auto why = *trouble_;
    return call_effect(then, &why);
  }
  waiting_.push_back({.what = std::move(what), .then = std::move(then)});
}

std::optional<journal_batch> journal_outbox::next(time_point now) {
  if (batch_ != nullptr || waiting_.empty() || (retry_at_ && now < *retry_at_))
    return std::nullopt;
  retry_at_.reset();
  auto writes = std::make_shared<std::vector<journal_write>>();
  while (!waiting_.empty() && writes->size() < batch_max) {
    writes->push_back(std::move(waiting_.front().what));
    under_way_.push_back(std::move(waiting_.front().then));
    waiting_.pop_front();
  }
  batch_ = std::move(writes);
  return journal_batch{.number = ++number_, .writes = batch_};
}

void journal_outbox::committed(std::uint64_t number) {
  if (batch_ == nullptr || number != number_)
    return;
  batch_.reset();
  trouble_.reset();
  pause_ = {};
  // Effects may write, and ask for the next batch.
  for (const auto& then : std::exchange(under_way_, {}))
    call_effect(then, nullptr);
}

void journal_outbox::failed(std::uint64_t number, const error& why, time_point now) {
  if (batch_ == nullptr || number != number_)
    return;
  trouble_ = why;
  const auto batch = std::exchange(batch_, nullptr);
  auto effects = std::exchange(under_way_, {});
  for (auto i = batch->size(); i-- > 0;)
    waiting_.push_front({.what = (*batch)[i], .then = std::move(effects[i])});
  if (why.code == errc::io_failed || why.code == errc::corrupt)
    return break_off(why);
  pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
  retry_at_ = now + pause_;
  refuse_accepts(why, batch->size());
}

/// With an accept goes whatever else was to be written of its task. Whether the first `tried`
/// writes were applied all the same is not known (the answer may have been lost), so their tasks
/// are removed when that works again; one that is not there is passed over.
void journal_outbox::refuse_accepts(const error& why, std::size_t tried) {
  std::unordered_set<task_id> refused;
  std::vector<effect> told;
  std::deque<item> kept;
  for (auto& each : waiting_) {
    const bool was_tried = tried > 0;
    tried -= was_tried ? 1 : 0;
    const auto* state = std::get_if<write_state>(&each.what);
    if (const auto* accepted = as_refusable(each.what)) {
      const auto id = accepted->task.id;
      refused.insert(id);
      told.push_back(std::move(each.then));
      if (was_tried) {
        kept.push_back({.what = write_state{.id = id, .now = {.state = task_state::cancelled}}});
        kept.push_back({.what = write_purged{.id = id}});
      }
    } else if (state == nullptr || !refused.contains(state->id)) {
      kept.push_back(std::move(each));
    }
  }
  waiting_ = std::move(kept);
  for (const auto& then : told)
    call_effect(then, &why);
}

void journal_outbox::break_off(const error& why) {
  is_broken_ = true;
  for (const auto& each : std::exchange(waiting_, {}))
    call_effect(each.then, &why);
}

}  // namespace libagent
