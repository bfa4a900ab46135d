#include "apps/lab/models/stub_reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace libagent::lab {

namespace {

// Nothing in them needs escaping in JSON.
constexpr std::array<std::string_view, 8> stub_words{"It ",   "is ",  "mild ", "in Zürich, ",
                                                     "東京 ", "and ", "dry ",  "🌤 "};

std::string in_quotes(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Writes one reply, as JSON or as a stream.
class reply_writing {
public:
  reply_writing(const stub_request& request, const stub_load& load, std::uint64_t number)
      : request_{request},
        load_{load},
        number_{number},
        calls_tools_{!request.tool.empty() && request.rounds < load.rounds} {
    if (load.fault == stub_fault::bad_arguments) {
      arguments_ = request.arguments + "}{\"";
    } else {
      arguments_ = request.arguments;
    }
  }

  stub_reply whole();
  stub_reply stream();

private:
  [[nodiscard]] std::string head(std::string_view object) const {
    return fmt::format(R"({{"id":"chatcmpl-{}","object":"{}","created":1700000000,"model":{},)",
                       number_, object, in_quotes(request_.model));
  }

  [[nodiscard]] std::string usage() const {
    const auto written = calls_tools_ ? load_.calls * 8 : load_.tokens;
    return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})",
                       request_.prompt_tokens, written, request_.prompt_tokens + written);
  }

  [[nodiscard]] std::string_view finish() const {
    const bool lies = load_.fault == stub_fault::wrong_finish;
    if (calls_tools_)
      return lies ? "stop" : "tool_calls";
    return lies ? "tool_calls" : "stop";
  }

  [[nodiscard]] std::string call_id(std::uint32_t index) const {
    return fmt::format("call_{}_{}", number_, index);
  }

  [[nodiscard]] std::string all_calls() const;
  void add(std::string_view delta, std::string_view finish_json = "null");
  void add_event(std::string_view data);
  void add_text();
  void add_calls();
  void add_arguments(std::uint32_t index, std::string_view text);

  /// What follows is a token of its own.
  void next_token() {
    if (load_.gap.count() > 0 && begun_)
      reply_.pieces.push_back({.after = load_.gap, .bytes = {}});
    begun_ = true;
  }

  const stub_request& request_;
  const stub_load& load_;
  std::uint64_t number_;
  bool calls_tools_;
  std::string arguments_;
  stub_reply reply_;
  std::string chunk_head_;
  bool begun_ = false;
};

std::string reply_writing::all_calls() const {
  std::string all;
  for (std::uint32_t i = 0; i < load_.calls; ++i) {
    all +=
        fmt::format(R"({}{{"id":"{}","type":"function","function":{{"name":{},"arguments":{}}}}})",
                    i == 0 ? "" : ",", call_id(i), in_quotes(request_.tool), in_quotes(arguments_));
  }
  return all;
}

stub_reply reply_writing::whole() {
  const auto text = (load_.echo ? request_.question + " " : "") + stub_text(load_.tokens);
  const auto message =
      calls_tools_
          ? fmt::format(R"({{"role":"assistant","content":null,"refusal":null,"tool_calls":[{}]}})",
                        all_calls())
          : fmt::format(R"({{"role":"assistant","content":{},"refusal":null}})", in_quotes(text));
  auto body = fmt::format(
      R"({}"choices":[{{"index":0,"message":{},"logprobs":null,"finish_reason":"{}"}}],"usage":{}}})",
      head("chat.completion"), message, finish(), usage());
  // As much time as the stream would take.
  const auto tokens = calls_tools_ ? 0 : load_.tokens;
  reply_.pieces.push_back({.after = load_.think + tokens * load_.gap, .bytes = std::move(body)});
  return std::move(reply_);
}

void reply_writing::add_event(std::string_view data) {
  auto& bytes = reply_.pieces.back().bytes;
  bytes.append("data: ").append(data).append("\n\n");
}

void reply_writing::add(std::string_view delta, std::string_view finish_json) {
  auto& bytes = reply_.pieces.back().bytes;
  bytes.append("data: ").append(chunk_head_);
  bytes.append(R"("choices":[{"index":0,"delta":)").append(delta);
  bytes.append(R"(,"logprobs":null,"finish_reason":)").append(finish_json).append("}]");
  bytes.append(request_.include_usage ? R"(,"usage":null})" : "}").append("\n\n");
}

void reply_writing::add_text() {
  if (load_.echo) {
    next_token();
    add(R"({"content":)" + in_quotes(request_.question + " ") + "}");
  }
  for (std::uint32_t i = 0; i < load_.tokens; ++i) {
    next_token();
    add(std::string{R"({"content":")"}.append(stub_words.at(i % stub_words.size())).append("\"}"));
  }
}

void reply_writing::add_arguments(std::uint32_t index, std::string_view text) {
  add(fmt::format(R"({{"tool_calls":[{{"index":{},"function":{{"arguments":{}}}}}]}})", index,
                  in_quotes(std::string{text})));
}

void reply_writing::add_calls() {
  for (std::uint32_t i = 0; i < load_.calls; ++i) {
    next_token();
    add(fmt::format(
        R"({{"tool_calls":[{{"index":{},"id":"{}","type":"function","function":{{"name":{},"arguments":""}}}}]}})",
        i, call_id(i), in_quotes(request_.tool)));
    const std::string_view all = arguments_;
    const auto size = load_.fault == stub_fault::one_byte_arguments ? 1 : all.size() / 2 + 1;
    for (std::size_t at = 0; at < all.size(); at += size)
      add_arguments(i, all.substr(at, size));
  }
}

stub_reply reply_writing::stream() {
  reply_.is_chunked = true;
  reply_.content_type = "text/event-stream";
  chunk_head_ = head("chat.completion.chunk");
  reply_.pieces.push_back({.after = load_.think, .bytes = {}});
  reply_.pieces.back().bytes.reserve(load_.gap.count() > 0 ? 512 : 256 * (load_.tokens + 4UL));
  add(R"({"role":"assistant","content":""})");
  calls_tools_ ? add_calls() : add_text();
  add("{}", fmt::format("\"{}\"", finish()));
  if (request_.include_usage)
    add_event(fmt::format(R"({}"choices":[],"usage":{}}})", chunk_head_, usage()));
  add_event("[DONE]");
  return std::move(reply_);
}

}  // namespace

std::string stub_text(std::uint32_t tokens) {
  std::string text;
  for (std::uint32_t i = 0; i < tokens; ++i)
    text += stub_words.at(i % stub_words.size());
  return text;
}

stub_reply stub_error(int status, const std::string& type, const std::string& code,
                      const std::string& message) {
  stub_reply reply{.status = status};
  reply.pieces.push_back(
      {.bytes = fmt::format(R"({{"error":{{"message":{},"type":"{}","param":null,"code":{}}}}})",
                            in_quotes(message), type, code.empty() ? "null" : in_quotes(code))});
  return reply;
}

stub_reply make_stub_reply(const stub_request& request, const stub_load& load,
                           std::uint64_t number) {
  reply_writing writing{request, load, number};
  return request.stream ? writing.stream() : writing.whole();
}

}  // namespace libagent::lab
