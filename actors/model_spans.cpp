#include "actors/model_spans.hpp"

#include "libagent/telemetry/span_contents.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

namespace libagent::actors {

namespace {

class attribute_list {
public:
  explicit attribute_list(span& into) : into_{&into.attributes} { into_->reserve(24); }

  void add(const char* name, span_value value) { into_->emplace_back(name, std::move(value)); }

  void add_text(const char* name, const std::string& text) {
    if (!text.empty())
      add(name, text);
  }

  void add_count(const char* name, std::uint64_t count) {
    add(name, static_cast<std::int64_t>(count));
  }

  template <class T>
  void add_number(const char* name, const std::optional<T>& number) {
    if (!number)
      return;
    if constexpr (std::is_floating_point_v<T>) {
      add(name, *number);
    } else {
      add(name, static_cast<std::int64_t>(*number));
    }
  }

private:
  std::vector<std::pair<std::string, span_value>>* into_;
};

double seconds_of(std::chrono::microseconds us) {
  return std::chrono::duration<double>{us}.count();
}

void add_request(attribute_list& list, const chat_flight& flight, const model_order& order) {
  const auto& how = flight.request().how;
  list.add("gen_ai.request.stream", !order.in_one_piece);
  list.add_number("gen_ai.request.temperature", how.temperature);
  list.add_number("gen_ai.request.top_p", how.top_p);
  list.add_number("gen_ai.request.max_tokens", how.tokens_max);
  list.add_number("gen_ai.request.frequency_penalty", how.frequency_penalty);
  list.add_number("gen_ai.request.presence_penalty", how.presence_penalty);
  list.add_number("gen_ai.request.seed", how.seed);
  if (flight.request().format.kind != reply_format_kind::text)
    list.add("gen_ai.output.type", std::string{"json"});
  list.add_text("gen_ai.conversation.id", order.session);
  list.add_text("gen_ai.agent.name", order.agent);
}

void add_reply(attribute_list& list, const chat_reply& reply, bool is_chat) {
  list.add_text("gen_ai.response.id", reply.id);
  list.add_text("gen_ai.response.model", reply.model);
  list.add_count("gen_ai.usage.input_tokens", reply.usage.prompt);
  if (!is_chat)
    return;
  list.add_count("gen_ai.usage.output_tokens", reply.usage.completion);
  if (reply.usage.cached > 0)
    list.add_count("gen_ai.usage.cache_read.input_tokens", reply.usage.cached);
  if (reply.usage.reasoning > 0)
    list.add_count("gen_ai.usage.reasoning.output_tokens", reply.usage.reasoning);
  list.add("gen_ai.response.finish_reasons",
           std::vector<std::string>{std::string{name_of(reply.finish)}});
}

void add_contents(attribute_list& list, const chat_flight& flight, const model_end& end,
                  std::size_t bytes_max) {
  list.add("gen_ai.input.messages", input_messages_text(flight.request().messages, bytes_max));
  if (const auto& reply = end.end.reply) {
    list.add("gen_ai.output.messages",
             output_messages_text(reply->message, reply->finish, bytes_max));
  }
}

}  // namespace

std::string error_type_of(errc code) {
  return code == errc::deadline_exceeded ? "timeout" : to_string(code);
}

model_server server_of(const provider_settings& settings) {
  model_server server{.name = settings.name, .address = {}};
  const auto scheme = settings.url.find("://");
  if (scheme == std::string::npos)
    return server;
  const auto from = scheme + 3;
  const auto authority = settings.url.substr(from, settings.url.find('/', from) - from);
  // A colon within brackets is part of an IPv6 address.
  const auto colon = authority.find(':', authority.find(']') + 1);
  const auto after_bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string::npos && (after_bracket == std::string::npos || colon > after_bracket);
  server.address = authority.substr(0, has_port ? colon : std::string::npos);
  if (has_port)
    std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), server.port);
  return server;
}

span span_of(const model_flight& flight, const model_end& end, const model_server& server,
             std::size_t contents_max) {
  const auto* order = flight.chat();
  const std::string operation = order != nullptr ? "chat" : "embeddings";
  span made;
  if (const auto& place = flight.plan().span) {
    made.context = place->context;
    made.parent_span_id = place->parent_span_id;
  }
  made.name = operation + " " + flight.plan().model;
  made.kind = server.address.empty() ? span_kind::internal : span_kind::client;
  made.start_unix_nanos = flight.plan().ordered_unix_nanos;
  made.end_unix_nanos = made.start_unix_nanos +
                        static_cast<std::uint64_t>(std::chrono::nanoseconds{end.took}.count());
  attribute_list list{made};
  list.add("gen_ai.operation.name", operation);
  list.add("gen_ai.provider.name", server.name);
  list.add("gen_ai.request.model", flight.plan().model);
  list.add_text("server.address", server.address);
  if (server.port > 0)
    list.add("server.port", server.port);
  if (order != nullptr) {
    const auto& chat = static_cast<const chat_flight&>(flight);
    add_request(list, chat, *order);
    if (contents_max > 0)
      add_contents(list, chat, end, contents_max);
  }
  if (end.end.reply) {
    add_reply(list, *end.end.reply, order != nullptr);
  } else {
    made.status = span_status::failed;
    made.status_message = to_string(end.end.reply.error().code);
    list.add("error.type", error_type_of(end.end.reply.error().code));
  }
  if (end.first_delta)
    list.add("gen_ai.response.time_to_first_chunk", seconds_of(*end.first_delta));
  if (end.attempts > 1)
    list.add_count("http.request.resend_count", end.attempts - 1);
  return made;
}

}  // namespace libagent::actors
