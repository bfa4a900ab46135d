#include "libagent/adapters/openai_model.hpp"

#include "libagent/adapters/curl_parts.hpp"
#include "libagent/adapters/openai_chat.hpp"
#include "libagent/adapters/web_fetch.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/openai/chat_request_writer.hpp"
#include "libagent/openai/embeddings.hpp"
#include "libagent/openai/server_facts.hpp"
#include "libagent/telemetry/trace_context.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace libagent {

namespace {

constexpr std::chrono::milliseconds look_up_timeout{5'000};

expected<void> check_base_url(const std::string& url) {
  if (auto place = curl_place_of(url); !place)
    return place.error();
  const auto authority = url.find("://") + 3;
  if (url.substr(authority, url.find('/', authority) - authority).find('@') != std::string::npos)
    return error{errc::invalid_argument, "take the URL of a provider: it has a user in it"};
  if (url.find_first_of("?#") != std::string::npos)
    return error{errc::invalid_argument, "take \"" + url + "\": it has a query or a fragment"};
  return {};
}

std::string without_blanks_around(const std::string& text) {
  constexpr const char* blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Whether it can be the value of a header without being taken for anything else.
bool is_one_word(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

http_headers headers_of(const openai_model_settings& settings) {
  http_headers headers{{"Accept", "text/event-stream, application/json"},
                       {"User-Agent", "libagent"}};
  if (!settings.api_key.empty())
    headers.set("Authorization", "Bearer " + settings.api_key);
  if (!settings.organisation.empty())
    headers.set("OpenAI-Organization", settings.organisation);
  if (!settings.project.empty())
    headers.set("OpenAI-Project", settings.project);
  for (const auto& [name, value] : settings.headers)
    headers.set(name, value);
  headers.set("Content-Type", "application/json");
  return headers;
}

/// Lets the provider's spans join the trace.
void pass_on_trace(const std::string& trace, http_headers& headers) {
  if (const auto context = parse_traceparent(trace))
    headers.set("traceparent", make_traceparent(*context));
}

chat_request_style style_for(provider_kind kind, bool stream) {
  using enum chat_request_style::tokens_field;
  // OpenAI's reasoning models refuse `max_tokens`; the others know it better than its successor.
  return {.stream = stream,
          .include_usage = true,
          .tokens = kind == provider_kind::openai ? max_completion_tokens : max_tokens,
          .extra = {}};
}

/// The server's own routes are beside those of the API: `http://host:8080/v1` ->
/// `http://host:8080`.
std::string server_root(std::string base_url) {
  if (base_url.ends_with("/v1"))
    base_url.resize(base_url.size() - 3);
  return base_url;
}

expected<chat_model_facts> facts_from_models(const std::string& body) {
  const auto models = read_models(body);
  if (!models)
    return models.error();
  chat_model_facts facts;
  for (const auto& each : *models) {
    if (facts.context_tokens && facts.context_tokens != each.context_tokens)
      return chat_model_facts{};
    facts.context_tokens = each.context_tokens;
  }
  return facts;
}

expected<chat_model_facts> facts_from_props(const std::string& body) {
  const auto props = read_llama_props(body);
  if (!props)
    return props.error();
  return chat_model_facts{.slots = props->slots, .context_tokens = props->context_tokens};
}

/// Adds what `/slots` says to what is known already.
chat_model_facts with_slots(chat_model_facts facts, const std::string& body) {
  const auto slots = read_llama_slots(body);
  if (!slots || slots->empty())
    return facts;
  if (!facts.slots)
    facts.slots = static_cast<std::uint32_t>(slots->size());
  if (!facts.context_tokens)
    facts.context_tokens = slots->front().context_tokens;
  return facts;
}

}  // namespace

expected<openai_model_settings> openai_settings_of(const provider_settings& provider,
                                                   std::string api_key) {
  openai_model_settings settings{.base_url = provider.url,
                                 .kind = provider.kind,
                                 .api_key = std::move(api_key),
                                 .connect_timeout = provider.timeouts.connect,
                                 .first_byte_timeout = provider.timeouts.first_byte,
                                 .idle_timeout = provider.timeouts.between_chunks,
                                 .timeout = provider.timeouts.total};
  for (const auto& [name, value] : provider.headers) {
    try {
      settings.headers.set(name, value);
    } catch (const contract_violation&) {
      return error{errc::invalid_argument,
                   "set up provider " + provider.name + ": header " + name + " cannot be sent"};
    }
  }
  return settings;
}

expected<std::shared_ptr<openai_model>> openai_model::make(openai_model_settings settings,
                                                           web_client_ptr client) {
  LIBAGENT_EXPECTS(client != nullptr);
  if (auto checked = check_base_url(settings.base_url); !checked)
    return checked.error();
  while (settings.base_url.ends_with('/'))
    settings.base_url.pop_back();
  settings.api_key = without_blanks_around(settings.api_key);
  for (const auto* word : {&settings.api_key, &settings.organisation, &settings.project}) {
    if (!is_one_word(*word)) {
      return error{errc::invalid_argument, "set up " + settings.base_url +
                                               ": its key, organisation or project has a blank, a "
                                               "line end or a character past ASCII in it"};
    }
  }
  return std::make_shared<openai_model>(made_by_make{}, std::move(settings), std::move(client));
}

openai_model::openai_model(made_by_make, openai_model_settings settings, web_client_ptr client)
    : settings_{std::move(settings)},
      headers_{headers_of(settings_)},
      client_{std::move(client)},
      next_seed_{(std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}()} {}

web_call openai_model::request(std::string method, std::string url) const {
  return {.method = std::move(method),
          .url = std::move(url),
          .headers = headers_,
          .connect_timeout = settings_.connect_timeout,
          .first_byte_timeout = settings_.first_byte_timeout,
          .idle_timeout = settings_.idle_timeout,
          .timeout = settings_.timeout,
          .body_bytes_max = settings_.reply_bytes_max};
}

void openai_model::start(chat_call call) {
  LIBAGENT_EXPECTS(call.request != nullptr && call.on_end != nullptr);
  auto web = request("POST", settings_.base_url + "/chat/completions");
  pass_on_trace(call.trace, web.headers);
  // A reply in one piece begins when the model has written all of it.
  if (call.in_one_piece)
    web.first_byte_timeout = settings_.timeout;
  web.body = write_chat_request(*call.request, style_for(settings_.kind, !call.in_one_piece));
  const chat_reply_options options{.reply_bytes_max = settings_.reply_bytes_max,
                                   .request_bytes = web.body.size(),
                                   .id_seed = seeded_random{next_seed_++}()};
  std::make_shared<openai_chat>(std::move(call), options)->send(*client_, std::move(web));
}

void openai_model::start(embedding_call call) {
  LIBAGENT_EXPECTS(call.on_end != nullptr);
  auto web = request("POST", settings_.base_url + "/embeddings");
  web.timeout =
      time_for_attempt(call.deadline, settings_.timeout, std::chrono::steady_clock::now());
  if (web.timeout.count() <= 0)
    return call.on_end(error{errc::deadline_exceeded, "embed: the deadline has passed before"});
  pass_on_trace(call.trace, web.headers);
  web.body = write_embedding_request(call.model, call.inputs, call.dimensions);
  web.stop = call.stop;
  fetch(*client_, std::move(web),
        [on_end = std::move(call.on_end),
         inputs = call.inputs.size()](const expected<std::string>& body) {
          if (!body)
            return on_end(body.error());
          auto read = read_embedding_reply(*body, inputs);
          if (!read)
            return on_end(read.error());
          on_end(embedding_call::reply{.model = std::move(read->model),
                                       .embeddings = std::move(read->embeddings),
                                       .usage = read->usage});
        });
}

void openai_model::look_up(std::function<void(expected<chat_model_facts>)> on_facts) {
  const bool is_llama = settings_.kind == provider_kind::llama_cpp;
  const auto root = server_root(settings_.base_url);
  auto first = request("GET", is_llama ? root + "/props" : settings_.base_url + "/models");
  first.timeout = look_up_timeout;
  auto second = request("GET", root + "/slots");
  second.timeout = look_up_timeout;
  const auto tell = [is_llama, on_facts, client = client_.get(),
                     slots = std::move(second)](const expected<std::string>& body) {
    if (!body)
      return on_facts(body.error());
    auto facts = is_llama ? facts_from_props(*body) : facts_from_models(*body);
    if (!is_llama || !facts || (facts->slots && facts->context_tokens))
      return on_facts(std::move(facts));
    // Servers without `/slots` answer 404 or 501 there; what is known is still true.
    fetch(*client, slots, [on_facts, known = *facts](const expected<std::string>& more) {
      on_facts(more ? with_slots(known, *more) : known);
    });
  };
  fetch(*client_, std::move(first), tell);
}

}  // namespace libagent
