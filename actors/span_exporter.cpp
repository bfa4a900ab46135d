#include "actors/span_exporter.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/bridge/wall_clock.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/telemetry/span_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <mutex>
#include <random>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

/// A collector says little; more than that is not looked at.
constexpr std::size_t answer_bytes_max = std::size_t{64} << 10U;

span_exporter_options completed_export(span_exporter_options options) {
  LIBAGENT_EXPECTS(options.ring != nullptr && options.client != nullptr);
  LIBAGENT_EXPECTS(options.batch_max > 0 && options.interval.count() > 0);
  if (!options.unix_time)
    options.unix_time = system_unix_time;
  if (options.seed == 0)
    options.seed = std::random_device{}();
  return options;
}

caf::telemetry::int_counter* span_counter(caf::actor_system& system, caf::string_view name,
                                          caf::string_view help) {
  return system.metrics().counter_singleton("agent_spans", name, help, "1", true);
}

caf::telemetry::int_counter* dropped_counter(caf::actor_system& system, caf::string_view reason) {
  return system.metrics().counter_instance("agent_spans", "dropped", {{"reason", reason}},
                                           "Spans that never arrived.", "1", true);
}

}  // namespace

/// The way from the web client's thread back to the exporter, which may have ended.
class span_exporter_state::answer_line {
public:
  explicit answer_line(caf::weak_actor_ptr exporter) : exporter_{std::move(exporter)} {}

  void take_head(int status, const http_headers& headers) {
    const std::lock_guard guard{mutex_};
    status_ = status;
    headers_ = headers;
  }

  void take_piece(std::string_view piece) {
    const std::lock_guard guard{mutex_};
    body_ += piece.substr(0, answer_bytes_max - body_.size());
  }

  void take_end(const expected<void>& ended, unix_millis at) {
    const std::lock_guard guard{mutex_};
    answer_ = judge_otlp_answer(ended, status_, headers_, body_, at);
    status_ = 0;
    headers_ = {};
    body_.clear();
    if (const auto exporter = caf::actor_cast<span_exporter_actor>(exporter_.lock()))
      caf::anon_send<urgent>(exporter, wake_atom_v);
  }

  /// The answer, once it is there.
  [[nodiscard]] std::optional<otlp_answer> take() {
    const std::lock_guard guard{mutex_};
    return std::exchange(answer_, std::nullopt);
  }

  /// From now on nothing reaches the exporter.
  void close() {
    const std::lock_guard guard{mutex_};
    exporter_ = nullptr;
  }

private:
  std::mutex mutex_;
  caf::weak_actor_ptr exporter_;  // null once closed
  int status_ = 0;
  http_headers headers_;
  std::string body_;
  std::optional<otlp_answer> answer_;
};

span_exporter_state::span_exporter_state(span_exporter_actor::pointer self,
                                         span_exporter_options options)
    : self_{self},
      options_{completed_export(std::move(options))},
      events_{&events_of(self->system())},
      random_{options_.seed},
      line_{std::make_shared<answer_line>(caf::actor_cast<caf::weak_actor_ptr>(self))},
      exported_{span_counter(self->system(), "exported", "Spans that arrived.")},
      requests_{span_counter(self->system(), "requests", "Requests to the collector.")},
      retries_{span_counter(self->system(), "retries", "Requests that had to be made again.")},
      overflowed_{dropped_counter(self->system(), "overflow")},
      refused_{dropped_counter(self->system(), "refused")},
      undelivered_{dropped_counter(self->system(), "undelivered")} {}

span_exporter_state::~span_exporter_state() {
  line_->close();
  stop_.request_stop();
}

span_exporter_actor::behavior_type span_exporter_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->set_exit_handler([this](caf::exit_msg& order) {
    if (order.reason)
      leave(order.reason);
  });
  next_tick_ = now() + options_.interval;
  wake_at(next_tick_);
  return {
      [this](drain_atom) -> caf::result<void> {
        auto answer = self_->make_response_promise<void>();
        drains_.push_back(answer);
        go_on();
        return answer;
      },
      [this](wake_atom) { wake(); },
  };
}

void span_exporter_state::wake() {
  if (const auto answer = line_->take()) {
    is_sending_ = false;
    take(*answer);
  }
  if (leave_due_ && *leave_due_ <= now())
    return drop_rest();
  if (const auto present = now(); next_tick_ <= present) {
    next_tick_ = present + options_.interval;
    wake_at(next_tick_);
    count_overflow();
    go_on();
  } else if (retry_due_ && *retry_due_ <= present) {
    go_on();
  }
}

/// Sends what is to be sent now, if anything is.
void span_exporter_state::go_on() {
  if (is_sending_ || (retry_due_ && now() < *retry_due_ && !leaving_ && drains_.empty()))
    return;
  if (batch_.empty())
    batch_ = options_.ring->take(options_.batch_max);
  if (!batch_.empty())
    return send();
  answer_drains(std::nullopt);
  if (leaving_) {
    count_overflow();
    self_->quit(*leaving_);
  }
}

void span_exporter_state::send() {
  retry_due_.reset();
  is_sending_ = true;
  requests_->inc();
  if (failures_ > 0)
    retries_->inc();
  web_call call;
  call.method = "POST";
  call.url = options_.url;
  call.headers = options_.headers;
  call.headers.set("Content-Type", "application/json");
  call.body = otlp_spans(options_.resource, options_.version, batch_);
  call.timeout = options_.timeout;
  call.body_bytes_max = answer_bytes_max;
  call.stop = stop_.get_token();
  call.on_head = [line = line_](int status, const http_headers& headers) {
    line->take_head(status, headers);
  };
  call.on_body = [line = line_](std::string_view piece) { line->take_piece(piece); };
  call.on_end = [line = line_, wall = options_.unix_time](const expected<void>& ended) {
    line->take_end(ended, wall());
  };
  options_.client->start(std::move(call));
}

void span_exporter_state::take(const otlp_answer& answer) {
  if (answer.verdict == otlp_verdict::delivered) {
    const auto rejected = std::min<std::uint64_t>(answer.rejected, batch_.size());
    exported_->inc(static_cast<std::int64_t>(batch_.size() - rejected));
    if (rejected > 0) {
      refused_->inc(static_cast<std::int64_t>(rejected));
      dropped_ += rejected;
      note_failure(answer.why);
    } else if (std::exchange(has_failed_, false)) {
      events_->emit(events::span_export_resumed, {{"dropped", std::exchange(dropped_, 0)}});
    }
    batch_.clear();
    failures_ = 0;
    return go_on();
  }
  note_failure(answer.why);
  answer_drains(error{errc::unavailable, "send spans: " + answer.why});
  if (answer.verdict == otlp_verdict::refused) {
    give_up_batch(refused_);
    return go_on();
  }
  if (leaving_)
    return drop_rest();
  if (++failures_ >= options_.retry.attempts_max) {
    // The next batch waits for the next tick: one collector's outage is not to be hammered at.
    give_up_batch(undelivered_);
    return;
  }
  const error why{errc::unavailable, answer.why, answer.retry_after};
  retry_due_ =
      now() + std::min(retry_delay(options_.retry, failures_, why, random_()), options_.wait_max);
  wake_at(*retry_due_);
}

void span_exporter_state::note_failure(const std::string& why) {
  if (!std::exchange(has_failed_, true))
    events_->emit(events::span_export_failed, {{"reason", std::string_view{why}}});
}

void span_exporter_state::give_up_batch(caf::telemetry::int_counter* reason) {
  reason->inc(static_cast<std::int64_t>(batch_.size()));
  dropped_ += batch_.size();
  batch_.clear();
  failures_ = 0;
}

void span_exporter_state::answer_drains(const std::optional<error>& problem) {
  for (auto& drain : std::exchange(drains_, {})) {
    if (problem) {
      drain.deliver(to_caf_error(*problem));
    } else {
      drain.deliver();
    }
  }
}

void span_exporter_state::leave(const caf::error& reason) {
  if (leaving_)
    return;
  leaving_ = reason;
  leave_due_ = now() + options_.farewell;
  wake_at(*leave_due_);
  go_on();
}

/// There is no time left, or nobody takes it.
void span_exporter_state::drop_rest() {
  give_up_batch(undelivered_);
  while (!(batch_ = options_.ring->take(options_.batch_max)).empty())
    give_up_batch(undelivered_);
  count_overflow();
  answer_drains(error{errc::unavailable, "send spans: the node stops"});
  self_->quit(*leaving_);
}

/// The counter outlives the actor, so it knows what was told before.
void span_exporter_state::count_overflow() {
  const auto dropped = static_cast<std::int64_t>(options_.ring->dropped());
  if (const auto told = overflowed_->value(); dropped > told) {
    overflowed_->inc(dropped - told);
    dropped_ += static_cast<std::uint64_t>(dropped - told);
  }
}

void span_exporter_state::wake_at(time_point due) {
  // Weak, unlike CAF's delayed messages: a far timer must not keep the system from ending.
  self_->clock().schedule_message(
      due, caf::actor_cast<caf::weak_actor_ptr>(self_),
      caf::make_mailbox_element(nullptr, caf::make_message_id(urgent), {}, wake_atom_v));
}

}  // namespace libagent::actors
