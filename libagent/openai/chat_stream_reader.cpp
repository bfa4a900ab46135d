#include "libagent/openai/chat_stream_reader.hpp"

#include "libagent/openai/provider_error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent {

namespace {

error stream_failure(errc code, const std::string& what) {
  return {code, "read model stream: " + what};
}

/// Whether a body begins as an event stream does, as far as it goes.
bool looks_like_events(std::string_view opening) {
  static constexpr std::array<std::string_view, 5> names{"data", "event", "id", "retry", ":"};
  return std::ranges::any_of(names, [opening](std::string_view name) {
    return opening.starts_with(name) || name.starts_with(opening);
  });
}

}  // namespace

chat_stream_reader::chat_stream_reader(delta_callback on_delta, const chat_reply_options& options)
    : on_delta_{std::move(on_delta)},
      options_{options},
      events_{[this](const sse_event& event) { take_event(event); }, options.event_bytes_max},
      tape_{{.bytes_max = options.event_bytes_max}, json_tape::text_rule::keep},
      builder_{options} {}

expected<void> chat_stream_reader::feed(std::string_view bytes) {
  if (failure_)
    return *failure_;
  if (opening_.empty()) {
    bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
    is_whole_ = bytes.starts_with('{');
  }
  if (opening_.size() < opening_bytes)
    opening_ += bytes.substr(0, opening_bytes - opening_.size());
  if (done_)
    return {};
  if (is_whole_)
    return keep_whole(bytes);
  if (auto done = events_.feed(bytes); !done && !failure_)
    failure_ = stream_failure(done.error().code, done.error().context);
  return failure_ ? expected<void>{*failure_} : expected<void>{};
}

expected<void> chat_stream_reader::keep_whole(std::string_view bytes) {
  if (whole_.size() + bytes.size() > 2 * options_.reply_bytes_max) {
    failure_ = stream_failure(
        errc::too_large,
        "a body of more than " + std::to_string(2 * options_.reply_bytes_max) + " bytes");
    return *failure_;
  }
  whole_ += bytes;
  return {};
}

void chat_stream_reader::take_event(const sse_event& event) {
  if (failure_ || done_)
    return;
  const auto last = event.data.find_last_not_of(" \t\r\n");
  const auto data = std::string_view{event.data}.substr(0, last + 1);
  if (data == "[DONE]") {
    done_ = true;
  } else if (auto read = tape_.read(data); read) {
    take_chunk(event.event);
  } else if (!data.empty()) {
    const bool too_large = read.error().code == errc::too_large;
    failure_ = stream_failure(too_large ? errc::too_large : errc::corrupt, read.error().context);
  }
}

void chat_stream_reader::take_chunk(std::string_view event) {
  const auto chunk = tape_.root();
  const auto problem = chunk.find("error");
  if (problem.has_value() || event == "error") {
    failure_ = read_error_value(problem.has_value() ? problem : chunk).failure;
  } else if (!chunk.is_object()) {
    failure_ =
        stream_failure(errc::corrupt, "expected a chunk, got " + std::string{chunk.kind_name()});
  } else {
    auto added = builder_.add(chunk, "delta");
    if (!added)
      failure_ = added.error();
    pass_on();
  }
}

void chat_stream_reader::pass_on() {
  const auto& fresh = builder_.fresh();
  if (fresh.content.empty() && fresh.reasoning.empty() && fresh.tool_calls.empty())
    return;
  began_ = true;
  if (on_delta_)
    on_delta_(fresh);
}

expected<chat_reply> chat_stream_reader::finish() {
  if (failure_)
    return *failure_;
  if (is_whole_)
    return finish_whole();
  if (!builder_.has_choices()) {
    const bool was_cut = !done_ && looks_like_events(opening_);
    return was_cut ? stream_failure(errc::unavailable, "it ended before the reply began")
                   : stream_failure(errc::corrupt, "there is no reply in it");
  }
  if (!done_ && !builder_.has_finish())
    return stream_failure(errc::unavailable, "it ended before the reply did");
  auto reply = builder_.finish();
  pass_on();
  return reply;
}

expected<chat_reply> chat_stream_reader::finish_whole() {
  auto reply = read_chat_reply(whole_, options_);
  if (!reply)
    return reply;
  chat_delta all{.content = reply->message.content, .reasoning = reply->message.reasoning};
  for (std::size_t i = 0; i < reply->message.tool_calls.size(); ++i) {
    const auto& call = reply->message.tool_calls[i];
    all.tool_calls.push_back({.index = static_cast<std::uint32_t>(i),
                              .id = call.id,
                              .name = call.name,
                              .arguments = call.arguments});
  }
  const bool says_something = all != chat_delta{};
  began_ = began_ || says_something;
  if (on_delta_ && says_something)
    on_delta_(all);
  return reply;
}

}  // namespace libagent
