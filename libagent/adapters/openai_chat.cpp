#include "libagent/adapters/openai_chat.hpp"

#include "libagent/adapters/web_fetch.hpp"
#include "libagent/base/text.hpp"
#include "libagent/openai/provider_error.hpp"

#include <chrono>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t error_body_bytes_max = 64U << 10U;

unix_millis wall_clock_now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

openai_chat::openai_chat(chat_call call, const chat_reply_options& options)
    : call_{std::move(call)}, reader_{call_.on_delta, options} {}

void openai_chat::send(web_client& client, web_call request) {
  const auto now = std::chrono::steady_clock::now();
  if (call_.deadline <= now)
    return end(error{errc::deadline_exceeded, "call model: the deadline has passed before"});
  request.timeout = time_for_attempt(call_.deadline, request.timeout, now);
  due_ = now + request.timeout;
  request.stop = stop_.get_token();
  request.flow = call_.flow;
  const auto self = shared_from_this();
  request.on_head = [self](int status, const http_headers& headers) {
    self->take_head(status, headers);
  };
  request.on_body = [self](std::string_view piece) { self->take_piece(piece); };
  request.on_end = [self](const expected<void>& ended) { self->take_end(ended); };
  if (call_.stop.stop_possible())
    on_stop_.emplace(call_.stop, [stop = stop_]() mutable { stop.request_stop(); });
  client.start(std::move(request));
}

void openai_chat::take_head(int status, const http_headers& headers) {
  status_ = status;
  headers_ = headers;
}

void openai_chat::take_piece(std::string_view piece) {
  if (ended_)
    return;
  if (status_ / 100 != 2) {
    error_body_ += piece.substr(0, error_body_bytes_max - error_body_.size());
    return;
  }
  if (auto fed = reader_.feed(piece); !fed) {
    end(explained(fed.error()));
    stop_.request_stop();
  } else if (reader_.is_done()) {
    end(reader_.finish());
  }
}

void openai_chat::take_end(const expected<void>& ended) {
  if (ended_)
    return;
  const bool has_status = status_ != 0 && status_ / 100 != 2;
  if (has_status && (ended || ended.error().code != errc::cancelled))
    return end_with_status();
  if (ended) {
    auto reply = reader_.finish();
    return end(reply ? std::move(reply) : explained(reply.error()));
  }
  end(failure_of_attempt(ended.error(), due_));
}

void openai_chat::end_with_status() {
  auto read = read_provider_error(status_, headers_, error_body_, wall_clock_now());
  on_stop_.reset();
  ended_ = true;
  call_.on_end({.reply = std::move(read.failure),
                .so_far = {},
                .began = false,
                .context_tokens = read.context_tokens,
                .prompt_tokens = read.prompt_tokens});
}

void openai_chat::end(expected<chat_reply> reply) {
  on_stop_.reset();
  ended_ = true;
  chat_end all{.reply = std::move(reply), .so_far = {}, .began = call_.on_delta && reader_.began()};
  if (!all.reply)
    all.so_far = reader_.so_far();
  call_.on_end(std::move(all));
}

/// Says what came instead, where that was neither a stream nor JSON: often a proxy's page.
error openai_chat::explained(error failure) const {
  const auto type = headers_.find("Content-Type").value_or("no Content-Type");
  const auto has = [type](std::string_view word) {
    return type.find(word) != std::string_view::npos;
  };
  if (failure.code == errc::corrupt && !has("event-stream") && !has("json"))
    failure.context += " (" + quoted_excerpt(type) + ")";
  return failure;
}

}  // namespace libagent
