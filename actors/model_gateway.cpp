#include "actors/model_gateway.hpp"

#include "actors/bridge/priority.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/bridge/wall_clock.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/models/token_estimate.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace libagent::actors {

namespace {

model_gateway_options completed(model_gateway_options options) {
  if (!options.now)
    options.now = [] { return std::chrono::steady_clock::now(); };
  if (!options.unix_time)
    options.unix_time = system_unix_time;
  if (!options.client_budget)
    options.client_budget = [](std::string_view) { return usage_amount{}; };
  if (options.seed == 0) {
    std::random_device device;
    options.seed = (std::uint64_t{device()} << 32U) | device();
  }
  return options;
}

std::vector<provider_settings> settings_of(const std::vector<model_provider>& providers) {
  std::vector<provider_settings> settings;
  for (const auto& each : providers) {
    LIBAGENT_EXPECTS(each.model != nullptr);
    settings.push_back(each.settings);
  }
  LIBAGENT_EXPECTS(check(models_file{.schema = {}, .providers = settings}).has_value());
  return settings;
}

chat_end ended_by(error why) {
  return {.reply = std::move(why), .so_far = {}};
}

model_price price_of(const flight_plan& plan) {
  return plan.settings != nullptr ? plan.settings->price : model_price{};
}

std::uint32_t reply_tokens_of(const flight_plan& plan) {
  return plan.settings != nullptr ? plan.settings->reply_tokens_max
                                  : model_settings{}.reply_tokens_max;
}

/// What the provider gets: the order's own request when nothing has to be changed.
std::shared_ptr<const chat_request> request_for(const model_order& order, const flight_plan& plan,
                                                bool needs_limit) {
  const auto& given = *order.request;
  const bool lacks_limit = needs_limit && !given.how.tokens_max;
  if (given.model == plan.model && !lacks_limit)
    return order.request;
  auto changed = std::make_shared<chat_request>(given);
  changed->model = plan.model;
  if (lacks_limit)
    changed->how.tokens_max = reply_tokens_of(plan);
  return changed;
}

/// For attempts that were cut off, and for servers that do not say.
token_usage guessed_usage(const model_flight& flight, const chat_message& written) {
  auto tokens = estimate_tokens(written.content) + estimate_tokens(written.reasoning);
  for (const auto& call : written.tool_calls)
    tokens += estimate_tokens(call.arguments);
  return {.prompt = flight.plan().prompt_tokens, .completion = tokens, .estimated = true};
}

/// Whether the provider has worked on an attempt that gave no reply.
bool has_worked(const chat_end& end) {
  const auto code = end.reply.error().code;
  return end.began || code == errc::cancelled || code == errc::deadline_exceeded;
}

}  // namespace

model_gateway_state::model_gateway_state(model_gateway_actor::pointer self,
                                         model_gateway_options options)
    : self_{self},
      options_{completed(std::move(options))},
      line_{
          std::make_shared<gateway_line>(caf::actor_cast<caf::weak_actor_ptr>(self), options_.now)},
      gate_{settings_of(options_.providers), options_.seed},
      reports_{self->system(), gate_, options_.spans, options_.seed + 1},
      look_up_at_(options_.providers.size()) {}

model_gateway_state::~model_gateway_state() {
  line_->close();
  for (const auto& [id, flight] : flights_) {
    flight->halt();
    flight->answer({.end = ended_by({errc::unavailable, "call a model: the gateway has ended"})});
  }
  write_last_spending();
}

model_gateway_actor::behavior_type model_gateway_state::make_behavior() {
  set_quiet_handlers(self_);
  for (std::size_t at = 0; at < options_.providers.size(); ++at) {
    for (const auto& model : options_.providers[at].settings.models) {
      if (model.context_tokens > 0) {
        options_.windows->learn(options_.providers[at].settings.name + "/" + model.name,
                                model.context_tokens);
      }
    }
    look_up(at);
  }
  read_spending();
  settle();
  return {
      [this](call_atom, model_order& order) { take_chat(order); },
      [this](embed_atom, const embedding_order& order) { take_embedding(order); },
      [this](status_atom) { return status(); },
      [this](done_atom, std::uint64_t id, model_call_end& end) { on_attempt_end(id, *end.end); },
      [this](wake_atom) { wake(); },
  };
}

flight_plan model_gateway_state::plan_for(const resolved_model& found, const std::string& trace) {
  flight_plan plan{
      .provider = found.provider,
      .model = found.model,
      .settings = found.settings,
      .ordered = options_.now(),
      .ordered_unix_nanos = static_cast<std::uint64_t>(options_.unix_time()) * 1'000'000U,
      .span = reports_.place_below(trace),
      .trace = {}};
  // A trace that we do not record goes on all the same.
  plan.trace = plan.span ? make_traceparent(plan.span->context) : trace;
  return plan;
}

void model_gateway_state::take_chat(model_order& order) {
  if (!order.on_end)
    return;
  if (!order.request)
    return order.on_end({.end = ended_by({errc::invalid_argument, "call a model: no request"})});
  const auto found = gate_.resolve(order.model);
  if (!found)
    return order.on_end({.end = ended_by(found.error())});
  const auto payers = payers_of(order);
  if (!knows_spending_ && payers.have_budgets()) {
    until_spending_known_.emplace_back(std::move(order));
    return;
  }
  auto plan = plan_for(*found, order.trace);
  plan.prompt_tokens = estimate_prompt_tokens(*order.request);
  auto request = request_for(order, plan, payers.have_limits());
  const token_usage most{.prompt = plan.prompt_tokens,
                         .completion = request->how.tokens_max.value_or(reply_tokens_of(plan))};
  const auto price = price_of(plan);
  const auto stop = order.stop;
  const auto flight =
      std::make_shared<chat_flight>(std::move(plan), std::move(order), std::move(request));
  admit(flight,
        {.provider = found->provider,
         .level = flight->chat()->level,
         .deadline = flight->chat()->deadline,
         .payers = payers_of(*flight->chat()),
         .most = {.cost_micro = cost_micro(price, most), .tokens = most.total()}},
        stop);
}

void model_gateway_state::take_embedding(const embedding_order& order) {
  if (!order.call || !order.call->on_end)
    return;
  const auto found = gate_.resolve(order.model);
  if (!found)
    return order.call->on_end(found.error());
  const auto payers = payers_of(order);
  if (!knows_spending_ && payers.have_budgets()) {
    until_spending_known_.emplace_back(order);
    return;
  }
  auto plan = plan_for(*found, order.trace);
  for (const auto& input : order.call->inputs)
    plan.prompt_tokens += estimate_tokens(input);
  const token_usage most{.prompt = plan.prompt_tokens};
  const auto price = price_of(plan);
  const auto flight = std::make_shared<embedding_flight>(std::move(plan), order.call);
  admit(flight,
        {.provider = found->provider,
         .level = order.level,
         .deadline = order.call->deadline,
         .payers = payers,
         .most = {.cost_micro = cost_micro(price, most), .tokens = most.total()}},
        order.call->stop);
}

void model_gateway_state::admit(const model_flight_ptr& flight, const gate_order& what,
                                const std::stop_token& stop) {
  if (stop.stop_requested()) {
    return answer(flight, ended_by({errc::cancelled, "call a model: cancelled before it began"}),
                  0);
  }
  const auto id = gate_.admit(what, now());
  if (!id) {
    if (id.error().code == errc::budget_exceeded)
      reports_.on_budget_exceeded(*flight, options_.now());
    answer(flight, ended_by(id.error()), 0);
  } else {
    flights_.emplace(*id, flight);
    flight->heed(stop, line_, *id);
  }
  settle();
}

void model_gateway_state::on_attempt_end(std::uint64_t id, chat_end& end) {
  const auto found = flights_.find(id);
  if (found == flights_.end()) {
    // It was abandoned; only its place matters now.
    const auto* failure = end.reply ? nullptr : &end.reply.error();
    (void)gate_.on_end(id, {.failure = failure, .began = true}, now());
    return settle();
  }
  const auto flight = found->second;
  learn_window(*flight, end);
  const auto weighed = weigh(*flight, end);
  switch (gate_.on_end(id, weighed, now())) {
    case gate_verdict::retry:
      spent_[id] += weighed.cost_micro;
      reports_.on_retry(*flight, end.reply.error());
      break;
    case gate_verdict::finish: finish(id, std::move(end), weighed.cost_micro); break;
    case gate_verdict::late: break;
  }
  settle();
}

/// What an attempt took; fills in what the provider did not say.
attempt_end model_gateway_state::weigh(const model_flight& flight, chat_end& end) const {
  end.began = end.began || flight.first_delta().has_value();
  attempt_end weighed{.failure = nullptr, .began = end.began};
  if (end.reply) {
    if (end.reply->usage.total() == 0)
      end.reply->usage = guessed_usage(flight, end.reply->message);
    weighed.usage = end.reply->usage;
  } else {
    weighed.failure = &end.reply.error();
    if (has_worked(end))
      weighed.usage = guessed_usage(flight, end.so_far);
  }
  weighed.cost_micro = cost_micro(price_of(flight.plan()), weighed.usage);
  return weighed;
}

void model_gateway_state::finish(std::uint64_t id, chat_end end, std::uint64_t cost) {
  const auto found = flights_.find(id);
  if (found == flights_.end())
    return;
  const auto flight = std::move(found->second);
  flights_.erase(found);
  if (const auto earlier = spent_.find(id); earlier != spent_.end()) {
    cost += earlier->second;
    spent_.erase(earlier);
  }
  answer(flight, std::move(end), cost);
}

void model_gateway_state::answer(const model_flight_ptr& flight, chat_end end, std::uint64_t cost) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  const auto ordered = flight->plan().ordered;
  const auto present = options_.now();
  model_end ended{.end = std::move(end),
                  .provider = options_.providers[flight->plan().provider].settings.name,
                  .cost_micro = cost,
                  .attempts = flight->attempts(),
                  .queued = duration_cast<microseconds>(flight->sent().value_or(present) - ordered),
                  .took = duration_cast<microseconds>(present - ordered)};
  if (const auto first = flight->first_delta())
    ended.first_delta = duration_cast<microseconds>(*first - ordered);
  reports_.on_end(*flight, ended);
  flight->answer(std::move(ended));
}

}  // namespace libagent::actors
