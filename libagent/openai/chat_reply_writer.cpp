#include "libagent/openai/chat_reply_writer.hpp"

#include "libagent/openai/json_append.hpp"
#include "libagent/openai/tool_call_json.hpp"
#include "libagent/openai/usage_json.hpp"
#include "libagent/record/json_writer.hpp"

namespace libagent {

namespace {

/// What OpenAI's clients do not know and leave alone.
void append_findings(std::string& out, const chat_reply& reply) {
  if (!reply.citations.empty()) {
    out += R"(,"citations":)";
    append_json(out, reply.citations);
  }
  if (!reply.found)
    out += R"(,"found":false)";
}

void append_reply_message(std::string& out, const chat_message& message) {
  object_appender object{out};
  object.text("role", "assistant");
  if (message.content.empty() && !message.tool_calls.empty()) {
    object.raw("content", "null");
  } else {
    object.text("content", message.content);
  }
  object.raw("refusal", "null");
  if (!message.reasoning.empty())
    object.text("reasoning_content", message.reasoning);
  if (!message.tool_calls.empty())
    append_tool_calls(object.member("tool_calls"), message.tool_calls);
  object.close();
}

std::string common_members(const reply_head& head, std::string_view object) {
  std::string out = R"({"id":)";
  append_quoted(out, head.id);
  out += R"(,"object":)";
  append_quoted(out, object);
  out += R"(,"created":)" + std::to_string(head.created) + R"(,"model":)";
  append_quoted(out, head.model);
  return out;
}

constexpr std::string_view event_begin = "data: ";
constexpr std::string_view event_end = "\n\n";

}  // namespace

std::string write_chat_reply(const chat_reply& reply, const reply_head& head) {
  auto out = common_members(head, "chat.completion");
  out += R"(,"choices":[{"index":0,"message":)";
  append_reply_message(out, reply.message);
  out += R"(,"logprobs":null,"finish_reason":)";
  append_quoted(out, name_of(reply.finish));
  out += R"(}],"usage":)";
  append_usage(out, reply.usage);
  append_findings(out, reply);
  out += '}';
  return out;
}

chat_stream_writer::chat_stream_writer(const reply_head& head, bool include_usage)
    : usage_opening_{std::string{event_begin} + common_members(head, "chat.completion.chunk")},
      include_usage_{include_usage} {
  opening_ = usage_opening_ + R"(,"choices":[{"index":0,"delta":{)";
  closing_ = R"(},"logprobs":null,"finish_reason":null}])";
  closing_.append(include_usage ? R"(,"usage":null})" : "}").append(event_end);
}

void chat_stream_writer::begin(std::string& out) {
  if (begun_)
    return;
  begun_ = true;
  out.append(opening_).append(R"("role":"assistant","content":"","refusal":null)").append(closing_);
}

void chat_stream_writer::write_text(std::string_view text, std::string& out) {
  begin(out);
  append_text_chunk(R"("content":)", text, out);
}

void chat_stream_writer::write(const chat_delta& delta, std::string& out) {
  begin(out);
  if (!delta.reasoning.empty())
    append_text_chunk(R"("reasoning_content":)", delta.reasoning, out);
  if (!delta.content.empty())
    append_text_chunk(R"("content":)", delta.content, out);
  if (delta.tool_calls.empty())
    return;
  out.append(opening_).append(R"("tool_calls":)");
  append_array(out, delta.tool_calls,
               [&out](const tool_call_piece& piece) { append_call(piece, out); });
  out.append(closing_);
}

void chat_stream_writer::append_text_chunk(std::string_view name, std::string_view text,
                                           std::string& out) const {
  out.append(opening_).append(name);
  append_quoted(out, text);
  out.append(closing_);
}

void chat_stream_writer::append_call(const tool_call_piece& piece, std::string& out) {
  object_appender object{out};
  object.integer("index", piece.index);
  if (!piece.id.empty()) {
    object.text("id", piece.id);
    object.text("type", "function");
  }
  object_appender function{object.member("function")};
  if (!piece.name.empty())
    function.text("name", piece.name);
  function.text("arguments", piece.arguments);
  function.close();
  object.close();
}

void chat_stream_writer::finish(const chat_reply& reply, std::string& out) {
  begin(out);
  out.append(opening_).append(R"(},"logprobs":null,"finish_reason":)");
  append_quoted(out, name_of(reply.finish));
  out += "}]";
  if (include_usage_)
    out += R"(,"usage":null)";
  append_findings(out, reply);
  out.append("}").append(event_end);
  if (include_usage_) {
    out.append(usage_opening_).append(R"(,"choices":[],"usage":)");
    append_usage(out, reply.usage);
    out.append("}").append(event_end);
  }
  out.append(event_begin).append("[DONE]").append(event_end);
}

void chat_stream_writer::fail(const http_error& failure, std::string& out) {
  out.append(event_begin).append(error_response(failure).body).append(event_end);
}

}  // namespace libagent
