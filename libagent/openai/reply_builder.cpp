#include "libagent/openai/reply_builder.hpp"

#include "libagent/openai/citation_json.hpp"
#include "libagent/openai/usage_json.hpp"

#include <utility>

namespace libagent {

namespace {

/// Servers have names of their own for some reasons; what nobody knows is an ordinary end.
finish_reason read_finish_reason(json_view value) {
  if (value.equals("length") || value.equals("max_tokens") || value.equals("model_length"))
    return finish_reason::length;
  if (value.equals("content_filter") || value.equals("safety"))
    return finish_reason::content_filter;
  return finish_reason::stop;
}

}  // namespace

reply_builder::reply_builder(const chat_reply_options& options)
    : options_{options},
      calls_{{.calls_max = options.calls_max, .arguments_bytes_max = options.arguments_bytes_max},
             options.id_seed} {
  reply_.message.role = chat_role::assistant;
}

expected<void> reply_builder::add(json_view chunk, std::string_view message_key) {
  fresh_.content.clear();
  fresh_.reasoning.clear();
  fresh_.tool_calls.clear();
  chunk.each_member([&](json_view name, json_view value) { add_member(name, value, message_key); });
  keep_fresh();
  if (!failure_ && written_ > options_.reply_bytes_max) {
    failure_ = error{errc::too_large, "read model reply: more than " +
                                          std::to_string(options_.reply_bytes_max) + " bytes"};
  }
  return failure_ ? expected<void>{*failure_} : expected<void>{};
}

void reply_builder::add_member(json_view name, json_view value, std::string_view message_key) {
  if (name.equals("choices") && value.is_array()) {
    has_choices_ = true;
    value.each_element([&](json_view choice) {
      add_choice(choice, message_key);
      return true;
    });
  } else if (name.equals("id") && reply_.id.empty()) {
    reply_.id = value.text();
  } else if (name.equals("model") && reply_.model.empty()) {
    reply_.model = value.text();
  } else if (name.equals("usage") && value.is_object()) {
    usage_ = read_usage(value);
  } else if (name.equals("timings") && value.is_object()) {
    timings_ = read_timings(value);
  } else if (name.equals("citations")) {
    read_citations(value, reply_.citations);
  } else if (name.equals("found")) {
    reply_.found = value.boolean().value_or(true);
  }
}

void reply_builder::add_choice(json_view choice, std::string_view message_key) {
  if (choice.find("index").count().value_or(0) != 0)
    return;
  choice.each_member([&](json_view name, json_view value) {
    if (name.equals(message_key)) {
      add_message(value);
    } else if (name.equals("finish_reason") && value.is_string()) {
      reply_.finish = read_finish_reason(value);
      has_finish_ = true;
    }
  });
}

void reply_builder::add_message(json_view message) {
  message.each_member([&](json_view name, json_view value) {
    if (name.equals("content")) {
      add_content(value);
    } else if (name.equals("refusal") && value.is_string()) {
      add_content(value);
      refused_ = true;
    } else if (name.equals("reasoning_content") ||
               (name.equals("reasoning") && message.find("reasoning_content").is_absent())) {
      append_text(value, reasoning_, fresh_.reasoning);
    } else if (name.equals("tool_calls")) {
      add_calls(value);
    } else if (name.equals("function_call") && value.is_object()) {
      add_call(value);
    }
  });
}

void reply_builder::add_content(json_view content) {
  append_text(content, content_, fresh_.content);
  content.each_element([this](json_view part) {
    add_part(part);
    return true;
  });
}

// Some servers send content in parts also in replies, with the reasoning as one of them.
void reply_builder::add_part(json_view part) {
  if (part.find("type").equals("text")) {
    append_text(part.find("text"), content_, fresh_.content);
  } else if (part.find("type").equals("thinking")) {
    append_text(part.find("thinking"), reasoning_, fresh_.reasoning);
    part.find("thinking").each_element([this](json_view thought) {
      append_text(thought.find("text"), reasoning_, fresh_.reasoning);
      return true;
    });
  }
}

void reply_builder::add_calls(json_view list) {
  list.each_element([this](json_view piece) {
    add_call(piece);
    return !failure_;
  });
}

void reply_builder::add_call(json_view piece) {
  auto done = calls_.add(piece, fresh_.tool_calls);
  if (!done && !failure_)
    failure_ = done.error();
}

void reply_builder::append_text(json_view text, code_point_joiner& joiner, std::string& fresh) {
  scratch_.clear();
  text.append_text(scratch_);
  joiner.add(scratch_, fresh);
}

void reply_builder::keep_fresh() {
  reply_.message.content += fresh_.content;
  reply_.message.reasoning += fresh_.reasoning;
  written_ += fresh_.content.size() + fresh_.reasoning.size();
  for (const auto& piece : fresh_.tool_calls)
    written_ += piece.arguments.size() + piece.name.size();
}

chat_message reply_builder::message() const {
  auto message = reply_.message;
  message.tool_calls = calls_.calls();
  return message;
}

token_usage reply_builder::usage() const {
  if (usage_ || timings_)
    return usage_ ? *usage_ : *timings_;
  return {.prompt = estimated_tokens(options_.request_bytes),
          .completion = estimated_tokens(written_),
          .estimated = true};
}

expected<chat_reply> reply_builder::finish() {
  fresh_ = {};
  content_.flush(fresh_.content);
  reasoning_.flush(fresh_.reasoning);
  reply_.finish = settled_finish();
  auto calls = calls_.finish(fresh_.tool_calls);
  keep_fresh();
  if (!calls)
    return calls.error();
  reply_.message.tool_calls = std::move(*calls);
  reply_.usage = usage();
  return std::move(reply_);
}

// What servers say of the end is not to be relied upon where tools are called: some say `stop`.
// But calls that were cut short must not pass for whole ones.
finish_reason reply_builder::settled_finish() const {
  if (calls_.empty())
    return refused_ ? finish_reason::content_filter : reply_.finish;
  const bool was_cut = reply_.finish != finish_reason::stop && !calls_.are_complete();
  return was_cut ? reply_.finish : finish_reason::tool_calls;
}

}  // namespace libagent
