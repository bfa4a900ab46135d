#include "libagent/testing/scripted_performance.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace libagent::testing {

namespace {

/// `text` in parts of at most `bytes`; one part when that is 0.
std::vector<std::string> parts_of(std::string_view text, std::size_t bytes) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto whole = bytes == 0 ? text : utf8_prefix(text, bytes);
    const auto part = whole.empty() ? text.substr(0, bytes) : whole;
    parts.emplace_back(part);
    text.remove_prefix(part.size());
  }
  return parts;
}

void add_call(std::vector<tool_call>& calls, const tool_call_piece& piece) {
  if (calls.size() <= piece.index)
    calls.resize(piece.index + 1);
  auto& call = calls[piece.index];
  call.id += piece.id;
  call.name += piece.name;
  call.arguments += piece.arguments;
}

}  // namespace

std::vector<chat_delta> pieces_of(const chat_message& message, std::size_t piece_bytes) {
  std::vector<chat_delta> all;
  for (auto& part : parts_of(message.reasoning, piece_bytes))
    all.push_back({.reasoning = std::move(part)});
  for (auto& part : parts_of(message.content, piece_bytes))
    all.push_back({.content = std::move(part)});
  for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
    const auto& call = message.tool_calls[i];
    const auto index = static_cast<std::uint32_t>(i);
    all.push_back({.tool_calls = {{.index = index, .id = call.id, .name = call.name}}});
    for (auto& part : parts_of(call.arguments, piece_bytes))
      all.push_back({.tool_calls = {{.index = index, .arguments = std::move(part)}}});
  }
  return all;
}

chat_message sum_of(const std::vector<chat_delta>& deltas) {
  chat_message sum{.role = chat_role::assistant};
  for (const auto& delta : deltas) {
    sum.content += delta.content;
    sum.reasoning += delta.reasoning;
    for (const auto& piece : delta.tool_calls)
      add_call(sum.tool_calls, piece);
  }
  return sum;
}

scripted_performance::scripted_performance(chat_call call, scripted_reply reply,
                                           std::shared_ptr<manual_clock> clock,
                                           std::function<void()> on_over)
    : call_{std::move(call)},
      reply_{std::move(reply)},
      clock_{std::move(clock)},
      on_over_{std::move(on_over)} {
  if (reply_.deltas_) {
    deltas_ = std::move(*reply_.deltas_);
  } else if (reply_.end_.reply) {
    deltas_ = pieces_of(reply_.end_.reply->message, reply_.piece_bytes_);
  }
}

void scripted_performance::play_alone(chat_call call, scripted_reply reply) {
  const auto held = std::make_shared<std::shared_ptr<scripted_performance>>();
  *held = std::make_shared<scripted_performance>(std::move(call), std::move(reply), nullptr,
                                                 [held] { held->reset(); });
  // The end lets go of what is held, and must not end what it runs in.
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const auto playing = *held;
  playing->begin();
}

void scripted_performance::begin() {
  const std::weak_ptr<scripted_performance> weak = weak_from_this();
  const auto wake = [weak] {
    if (const auto self = weak.lock())
      self->go_on();
  };
  if (call_.flow)
    call_.flow->on_open(wake);
  on_stop_.emplace(call_.stop, wake);
  if (clock_ && call_.deadline != time_point::max()) {
    clock_->after(call_.deadline - clock_->now(), [weak, wake] {
      if (const auto self = weak.lock()) {
        const std::lock_guard guard{self->mutex_};
        self->is_late_ = true;
      }
      wake();
    });
  }
  wait(reply_.first_wait_);
  {
    const std::lock_guard guard{mutex_};
    is_busy_ = false;
  }
  go_on();
}

void scripted_performance::cancel() {
  {
    const std::lock_guard guard{mutex_};
    is_cancelled_ = true;
  }
  go_on();
}

void scripted_performance::go_on() {
  const auto self = shared_from_this();
  std::unique_lock guard{mutex_};
  again_ = true;
  if (std::exchange(is_busy_, true))
    return;
  while (std::exchange(again_, false)) {
    guard.unlock();
    play();
    guard.lock();
  }
  is_busy_ = false;
}

void scripted_performance::wait(duration length) {
  if (length <= duration::zero())
    return;
  LIBAGENT_EXPECTS(clock_ != nullptr);  // A script with waits needs a clock.
  {
    const std::lock_guard guard{mutex_};
    is_waiting_ = true;
  }
  clock_->after(length, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      {
        const std::lock_guard guard{self->mutex_};
        self->is_waiting_ = false;
      }
      self->go_on();
    }
  });
}

bool scripted_performance::ends_early() {
  std::unique_lock guard{mutex_};
  const bool late = is_late_;
  const bool cancelled = is_cancelled_ || call_.stop.stop_requested();
  guard.unlock();
  if (cancelled) {
    end(error{errc::cancelled, "scripted model: cancelled"});
  } else if (late) {
    end(error{errc::deadline_exceeded, "scripted model: the deadline has passed"});
  }
  return cancelled || late;
}

bool scripted_performance::is_held_up() {
  const std::lock_guard guard{mutex_};
  return is_waiting_ || reply_.hangs_ || (call_.flow && !call_.flow->is_open());
}

void scripted_performance::play() {
  while (!is_over_ && !ends_early()) {
    if (is_held_up())
      return;
    if (reply_.cut_after_ && next_ >= std::min(*reply_.cut_after_, deltas_.size()))
      return end(reply_.cut_with_);
    if (next_ == deltas_.size())
      return end(reply_.end_.reply);
    const auto& delta = deltas_[next_++];
    if (call_.on_delta)
      call_.on_delta(delta);
    if (next_ < deltas_.size())
      wait(reply_.next_wait_);
  }
}

void scripted_performance::end(expected<chat_reply> reply) {
  is_over_ = true;
  on_stop_.reset();
  if (call_.flow)
    call_.flow->on_open({});
  chat_end all = std::move(reply_.end_);
  all.reply = std::move(reply);
  all.began = next_ > 0 && call_.on_delta != nullptr;
  if (!all.reply) {
    deltas_.resize(next_);
    all.so_far = sum_of(deltas_);
  }
  on_over_();
  call_.on_end(std::move(all));
}

}  // namespace libagent::testing
