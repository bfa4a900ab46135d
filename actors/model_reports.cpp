#include "actors/model_reports.hpp"

#include "actors/bridge/actor_system.hpp"
#include "libagent/telemetry/model_events.hpp"

#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace libagent::actors {

namespace {

using caf::telemetry::label_view;

// Buckets of OpenTelemetry's semantic conventions for generative AI.
const std::vector<double>& seconds_buckets() {
  static const std::vector<double> bounds{.01,  .02,  .04,  .08,   .16,   .32,   .64,
                                          1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
  return bounds;
}

const std::vector<std::int64_t>& token_buckets() {
  static const std::vector<std::int64_t> bounds{
      1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
  return bounds;
}

caf::string_view caf_text(std::string_view text) {
  return {text.data(), text.size()};
}

/// Metrics' texts are not escaped when they are collected.
std::string label_text(std::string_view text) {
  std::string clean{text.substr(0, 128)};
  std::ranges::replace_if(
      clean, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; },
      '_');
  return clean;
}

double in_seconds(std::chrono::microseconds us) {
  return std::chrono::duration<double>{us}.count();
}

void raise_to(caf::telemetry::int_counter* counter, std::uint64_t& told, std::uint64_t value) {
  if (value > told)
    counter->inc(static_cast<std::int64_t>(value - told));
  told = value;
}

constexpr std::string_view other_label = "_OTHER";

}  // namespace

model_reports::model_reports(caf::actor_system& system, const model_gate& gate, span_sink_ptr spans,
                             std::uint64_t seed)
    : registry_{&system.metrics()}, events_{&events_of(system)}, spans_{std::move(spans), seed} {
  for (std::size_t at = 0; at < gate.size(); ++at)
    providers_.push_back(register_provider(gate.provider(at).settings()));
}

model_reports::provider_metrics model_reports::register_provider(
    const provider_settings& settings) {
  const auto name = label_text(settings.name);
  const auto gauge = [&](caf::string_view metric, caf::string_view help) {
    return registry_->gauge_instance("agent_model", metric, {{"provider", caf_text(name)}}, help);
  };
  const auto counter = [&](caf::string_view metric, caf::string_view help) {
    return registry_->counter_instance("agent_model", metric, {{"provider", caf_text(name)}}, help,
                                       "1", true);
  };
  provider_metrics made;
  made.server = server_of(settings);
  made.queued = gauge("queued", "Calls that wait for their turn.");
  made.running = gauge("running", "Calls under way.");
  made.limit = gauge("limit", "Calls at a time.");
  made.breaker = gauge("breaker_state", "0 closed, 1 open, 2 half open.");
  made.calls = counter("calls", "Calls sent, with those sent again.");
  made.failures = counter("failures", "Calls without an answer.");
  made.retries = counter("retries", "Calls sent again.");
  made.refused = counter("refused", "Orders that were never sent.");
  made.cost_micro = counter("cost_micro", "Cost in millionths of the currency.");
  return made;
}

std::optional<std::size_t> model_reports::update(const model_gate& gate, time_point now) {
  std::optional<std::size_t> closed;
  for (std::size_t at = 0; at < providers_.size(); ++at) {
    auto& each = providers_[at];
    const auto& lane = gate.provider(at);
    const auto& counters = lane.counters();
    each.queued->value(static_cast<std::int64_t>(lane.queue().size()));
    each.running->value(lane.running());
    each.limit->value(lane.limit());
    raise_to(each.calls, each.told.calls, counters.calls);
    raise_to(each.failures, each.told.failures, counters.failures);
    raise_to(each.retries, each.told.retries, counters.retries);
    raise_to(each.refused, each.told.refused, counters.refused);
    raise_to(each.cost_micro, each.told.cost_micro, counters.cost_micro);
    if (follow_breaker(each, lane, now))
      closed = at;
  }
  return closed;
}

bool model_reports::follow_breaker(provider_metrics& provider, const provider_lane& lane,
                                   time_point now) {
  const auto state = lane.breaker(now);
  provider.breaker->value(static_cast<std::int64_t>(state));
  const bool is_open = state != breaker_state::closed;
  if (is_open == provider.is_open)
    return false;
  provider.is_open = is_open;
  const std::string_view name = provider.server.name;
  if (is_open) {
    events_->emit(events::model_breaker_opened, {{"provider", name}});
  } else {
    events_->emit(events::model_breaker_closed, {{"provider", name}});
  }
  return !is_open;
}

void model_reports::on_end(const model_flight& flight, const model_end& end) {
  measure(flight, end);
  if (flight.plan().span) {
    spans_.emit(
        span_of(flight, end, providers_.at(flight.plan().provider).server, spans_.contents_max()));
  }
}

std::string_view model_reports::label_of(const model_flight& flight) {
  const auto& plan = flight.plan();
  if (plan.settings != nullptr)
    return plan.model;
  auto& others = providers_.at(plan.provider).other_models;
  if (const auto known = others.find(plan.model); known != others.end())
    return *known;
  return others.size() < models_max ? *others.insert(plan.model).first : other_label;
}

model_reports::series& model_reports::series_of(std::string_view operation,
                                                std::string_view provider, std::string_view model) {
  key_.assign(operation).append("\n").append(provider).append("\n").append(model);
  if (const auto known = series_.find(key_); known != series_.end())
    return known->second;
  const auto name = label_text(model);
  const std::array<label_view, 3> common{label_view{"gen_ai_operation_name", caf_text(operation)},
                                         label_view{"gen_ai_provider_name", caf_text(provider)},
                                         label_view{"gen_ai_request_model", caf_text(name)}};
  const auto tokens = [&](caf::string_view type) {
    auto* family =
        registry_->histogram_family<std::int64_t>("gen_ai", "client_token_usage",
                                                  {"gen_ai_operation_name", "gen_ai_provider_name",
                                                   "gen_ai_request_model", "gen_ai_token_type"},
                                                  token_buckets(), "Tokens of each call.");
    return family->get_or_add({common[0], common[1], common[2], {"gen_ai_token_type", type}});
  };
  auto& added = series_[key_];
  added.input = tokens("input");
  added.output = tokens("output");
  added.first_chunk =
      registry_
          ->histogram_family<double>(
              "gen_ai", "client_operation_time_to_first_chunk",
              {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"},
              seconds_buckets(), "From the order to the first piece of the answer.", "seconds")
          ->get_or_add({common[0], common[1], common[2]});
  return added;
}

caf::telemetry::dbl_histogram* model_reports::duration_of(series& of, std::string_view operation,
                                                          std::string_view provider,
                                                          std::string_view model,
                                                          const std::string& problem) {
  auto& known = of.duration[problem];
  if (known == nullptr) {
    const auto name = label_text(model);
    known = registry_
                ->histogram_family<double>("gen_ai", "client_operation_duration",
                                           {"error_type", "gen_ai_operation_name",
                                            "gen_ai_provider_name", "gen_ai_request_model"},
                                           seconds_buckets(),
                                           "From the order to the end of the answer.", "seconds")
                ->get_or_add({{"error_type", caf_text(problem)},
                              {"gen_ai_operation_name", caf_text(operation)},
                              {"gen_ai_provider_name", caf_text(provider)},
                              {"gen_ai_request_model", caf_text(name)}});
  }
  return known;
}

void model_reports::measure(const model_flight& flight, const model_end& end) {
  const auto operation = std::string_view{flight.chat() != nullptr ? "chat" : "embeddings"};
  const std::string_view provider = providers_.at(flight.plan().provider).server.name;
  const auto model = label_of(flight);
  auto& of = series_of(operation, provider, model);
  const auto problem = end.end.reply ? std::string{} : error_type_of(end.end.reply.error().code);
  duration_of(of, operation, provider, model, problem)->observe(in_seconds(end.took));
  if (end.first_delta)
    of.first_chunk->observe(in_seconds(*end.first_delta));
  if (!end.end.reply)
    return;
  of.input->observe(static_cast<std::int64_t>(end.end.reply->usage.prompt));
  if (flight.chat() != nullptr)
    of.output->observe(static_cast<std::int64_t>(end.end.reply->usage.completion));
}

void model_reports::on_retry(const model_flight& flight, const error& why) {
  events_->emit(events::model_call_retried,
                {{"provider", std::string_view{providers_.at(flight.plan().provider).server.name}},
                 {"model", std::string_view{flight.plan().model}},
                 {"attempt", std::uint64_t{flight.attempts()}},
                 {"reason", std::string_view{to_string(why.code)}}});
}

void model_reports::on_budget_exceeded(const model_flight& flight, time_point now) {
  ++budget_refusals_;
  constexpr std::chrono::minutes between{1};
  if (budget_reported_at_ && now - *budget_reported_at_ < between)
    return;
  budget_reported_at_ = now;
  const auto* order = flight.chat();
  const auto text = [&](std::string model_order::* field) {
    return order != nullptr ? std::string_view{order->*field} : std::string_view{};
  };
  events_->emit(events::model_budget_exceeded,
                {{"provider", std::string_view{providers_.at(flight.plan().provider).server.name}},
                 {"model", std::string_view{flight.plan().model}},
                 {"client", text(&model_order::client)},
                 {"agent", text(&model_order::agent)},
                 {"refused", std::exchange(budget_refusals_, 0)}});
}

void model_reports::on_facts(std::size_t at, const expected<chat_model_facts>& facts) {
  auto& provider = providers_.at(at);
  const std::string_view name = provider.server.name;
  const bool was_unreachable = std::exchange(provider.is_unreachable, !facts);
  if (facts) {
    events_->emit(events::model_provider_known,
                  {{"provider", name},
                   {"slots", std::uint64_t{facts->slots.value_or(0)}},
                   {"context_tokens", facts->context_tokens.value_or(0)}});
  } else if (!was_unreachable) {
    events_->emit(events::model_provider_unreachable,
                  {{"provider", name}, {"reason", std::string_view{facts.error().context}}});
  }
}

}  // namespace libagent::actors
