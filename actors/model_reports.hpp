#pragma once

#include "actors/model_flight.hpp"
#include "actors/model_spans.hpp"
#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/model_gate.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/ports/event_sink.hpp"
#include "libagent/ports/model_order.hpp"
#include "libagent/ports/span_sink.hpp"
#include "libagent/ports/span_source.hpp"
#include "libagent/tasks/name_hash.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::actors {

/// Tells metrics, spans and events of what the model gateway does.
///
/// Metrics are those of OpenTelemetry's semantic conventions for generative AI in Prometheus'
/// spelling, `gen_ai_client_operation_duration_seconds`, `gen_ai_client_token_usage` and
/// `gen_ai_client_operation_time_to_first_chunk_seconds`, and `agent_model_...` for each provider.
/// They are kept in the actor system's registry. A provider's models past `models_max` that its
/// settings do not name share the label `_OTHER`, so that no client can make metrics without end.
/// A span `chat MODEL` or `embeddings MODEL` is made for each order, with contents where the sink
/// takes them. Thread safety: none; the gateway owns it.
class model_reports {
public:
  static constexpr std::size_t models_max = 32;

  model_reports(caf::actor_system& system, const model_gate& gate, span_sink_ptr spans,
                std::uint64_t seed);

  /// Where the span of an order below that traceparent belongs; absent: it makes none.
  [[nodiscard]] std::optional<span_place> place_below(std::string_view traceparent) {
    return spans_.place_below(traceparent);
  }

  /// An order is about to be answered.
  void on_end(const model_flight& flight, const model_end& end);

  void on_retry(const model_flight& flight, const error& why);
  void on_budget_exceeded(const model_flight& flight, time_point now);
  void on_facts(std::size_t provider, const expected<chat_model_facts>& facts);

  /// Brings what is known of the providers up to date. Returns whether a breaker has closed, and
  /// whose.
  [[nodiscard]] std::optional<std::size_t> update(const model_gate& gate, time_point now);

private:
  using seconds_histogram = caf::telemetry::dbl_histogram;
  using token_histogram = caf::telemetry::int_histogram;

  /// Metrics of one operation of one model.
  struct series {
    std::map<std::string, seconds_histogram*> duration;  ///< By kind of error; "": none.
    seconds_histogram* first_chunk = nullptr;
    token_histogram* input = nullptr;
    token_histogram* output = nullptr;
  };

  struct provider_metrics {
    model_server server;
    bool is_open = false;
    bool is_unreachable = false;
    std::set<std::string, std::less<>> other_models;
    caf::telemetry::int_gauge* queued = nullptr;
    caf::telemetry::int_gauge* running = nullptr;
    caf::telemetry::int_gauge* limit = nullptr;
    caf::telemetry::int_gauge* breaker = nullptr;
    caf::telemetry::int_counter* calls = nullptr;
    caf::telemetry::int_counter* failures = nullptr;
    caf::telemetry::int_counter* retries = nullptr;
    caf::telemetry::int_counter* refused = nullptr;
    caf::telemetry::int_counter* cost_micro = nullptr;
    provider_counters told;  // what the counters were raised to
  };

  [[nodiscard]] provider_metrics register_provider(const provider_settings& settings);
  [[nodiscard]] bool follow_breaker(provider_metrics& provider, const provider_lane& lane,
                                    time_point now);
  [[nodiscard]] std::string_view label_of(const model_flight& flight);
  [[nodiscard]] series& series_of(std::string_view operation, std::string_view provider,
                                  std::string_view model);
  [[nodiscard]] seconds_histogram* duration_of(series& of, std::string_view operation,
                                               std::string_view provider, std::string_view model,
                                               const std::string& problem);
  void measure(const model_flight& flight, const model_end& end);

  caf::telemetry::metric_registry* registry_;
  event_sink* events_;
  span_source spans_;
  std::vector<provider_metrics> providers_;
  name_table<series> series_;
  std::string key_;  // kept for its memory
  std::uint64_t budget_refusals_ = 0;
  std::optional<time_point> budget_reported_at_;
};

}  // namespace libagent::actors
