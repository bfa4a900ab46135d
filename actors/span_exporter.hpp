#pragma once

/// Sends spans to a collector, as OTLP over HTTP.

#include "actors/protocol/interfaces.hpp"
#include "libagent/api/otlp_delivery.hpp"
#include "libagent/api/otlp_spans.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"
#include "libagent/http/http_headers.hpp"
#include "libagent/ports/event_sink.hpp"
#include "libagent/ports/span_ring.hpp"
#include "libagent/ports/web_client.hpp"
#include "libagent/tasks/retry_policy.hpp"

#include <caf/error.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent::actors {

struct span_exporter_options {
  std::shared_ptr<span_ring> ring;  ///< Never null.
  web_client_ptr client;            ///< Never null.
  std::string url;                  ///< See `otlp_traces_url`.
  http_headers headers;             ///< Sent as well; may hold secrets.
  otlp_resource resource;
  std::string version;  ///< Of libagent.
  std::chrono::milliseconds interval{1'000};
  std::chrono::milliseconds timeout{10'000};  ///< Of one request.
  std::size_t batch_max = 256;                ///< Spans in one request; positive.
  retry_policy retry{.attempts_max = 5,
                     .base = std::chrono::milliseconds{1'000},
                     .cap = std::chrono::milliseconds{30'000}};
  std::chrono::milliseconds wait_max = std::chrono::minutes{5};  ///< Whatever a collector asks for.
  std::chrono::milliseconds farewell{2'000};  ///< For what is left at the end; then it is dropped.
  std::function<unix_millis()> unix_time;     ///< Empty: the machine's.
  std::uint64_t seed = 0;                     ///< Of jitter; 0: random.
};

/// **Messages**: `drain`: sends what there is now. Answered when all of it has arrived. Errors:
/// `unavailable` as soon as a request fails; what can be sent again later is kept.
///
/// Every `interval` it takes what the ring holds, a batch at a time and one request at a time. A
/// batch that the collector cannot take for now is sent again, after the time it asks for or a
/// random one that doubles, and dropped after `retry.attempts_max` attempts. Meanwhile the ring
/// drops its oldest when it is full. Whatever is dropped is counted in
/// `agent_spans_dropped_total`; whatever arrived, in `agent_spans_exported_total`.
///
/// **End**: told to end, it first sends what is left, without a second try, for at most
/// `farewell`. Start it before those who make spans, so that it ends after them.
/// **Blocking**: never. **Mailbox**: bounded by its timers and one request.
/// **Failure**: a restart loses the batch under way; the ring stays. Restart kind: permanent.
class span_exporter_state {
public:
  static inline const char* name = "libagent.span_exporter";

  span_exporter_state(span_exporter_actor::pointer self, span_exporter_options options);
  span_exporter_state(const span_exporter_state&) = delete;
  span_exporter_state& operator=(const span_exporter_state&) = delete;
  span_exporter_state(span_exporter_state&&) = delete;
  span_exporter_state& operator=(span_exporter_state&&) = delete;
  /// Ends the request under way.
  ~span_exporter_state();

  [[nodiscard]] span_exporter_actor::behavior_type make_behavior();

private:
  class answer_line;

  void wake();
  void go_on();
  void send();
  void take(const otlp_answer& answer);
  void note_failure(const std::string& why);
  void give_up_batch(caf::telemetry::int_counter* reason);
  void answer_drains(const std::optional<error>& problem);
  void leave(const caf::error& reason);
  void drop_rest();
  void count_overflow();
  void wake_at(time_point due);

  [[nodiscard]] time_point now() const { return self_->clock().now(); }

  span_exporter_actor::pointer self_;
  span_exporter_options options_;
  event_sink* events_;
  seeded_random random_;
  std::shared_ptr<answer_line> line_;
  std::stop_source stop_;
  std::vector<span> batch_;  // being sent, or to be sent again
  bool is_sending_ = false;
  std::uint32_t failures_ = 0;  // of this batch
  std::optional<time_point> retry_due_;
  time_point next_tick_;
  std::vector<caf::typed_response_promise<void>> drains_;
  std::optional<caf::error> leaving_;
  std::optional<time_point> leave_due_;
  bool has_failed_ = false;
  std::uint64_t dropped_ = 0;  // since it failed
  caf::telemetry::int_counter* exported_;
  caf::telemetry::int_counter* requests_;
  caf::telemetry::int_counter* retries_;
  caf::telemetry::int_counter* overflowed_;
  caf::telemetry::int_counter* refused_;
  caf::telemetry::int_counter* undelivered_;
};

using span_exporter_impl = span_exporter_actor::stateful_impl<span_exporter_state>;

}  // namespace libagent::actors
