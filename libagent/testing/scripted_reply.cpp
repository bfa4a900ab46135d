#include "libagent/testing/scripted_reply.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent::testing {

namespace {

chat_reply& reply_to_refine(chat_end& end) {
  LIBAGENT_EXPECTS(end.reply.has_value());  // An error has no usage, no calls, no end.
  return *end.reply;
}

}  // namespace

scripted_reply scripted_reply::when(predicate matches) && {
  matches_ = std::move(matches);
  return std::move(*this);
}

scripted_reply scripted_reply::always() && {
  always_ = true;
  return std::move(*this);
}

scripted_reply scripted_reply::in_pieces_of(std::size_t bytes) && {
  LIBAGENT_EXPECTS(bytes >= 4);
  piece_bytes_ = bytes;
  return std::move(*this);
}

scripted_reply scripted_reply::in_deltas(std::vector<chat_delta> deltas) && {
  deltas_ = std::move(deltas);
  return std::move(*this);
}

scripted_reply scripted_reply::after(duration wait) && {
  first_wait_ = wait;
  return std::move(*this);
}

scripted_reply scripted_reply::every(duration wait) && {
  next_wait_ = wait;
  return std::move(*this);
}

scripted_reply scripted_reply::with_usage(token_usage usage) && {
  reply_to_refine(end_).usage = usage;
  has_usage_ = true;
  return std::move(*this);
}

scripted_reply scripted_reply::with_finish(finish_reason finish) && {
  reply_to_refine(end_).finish = finish;
  return std::move(*this);
}

scripted_reply scripted_reply::with_reasoning(std::string reasoning) && {
  reply_to_refine(end_).message.reasoning = std::move(reasoning);
  return std::move(*this);
}

scripted_reply scripted_reply::and_calls(std::string tool, std::string arguments,
                                         std::string id) && {
  auto& reply = reply_to_refine(end_);
  reply.finish = finish_reason::tool_calls;
  reply.message.tool_calls.push_back(
      {.id = std::move(id), .name = std::move(tool), .arguments = std::move(arguments)});
  return std::move(*this);
}

scripted_reply scripted_reply::cut_after(std::size_t deltas, error failure) && {
  reply_to_refine(end_);
  cut_after_ = deltas;
  cut_with_ = std::move(failure);
  return std::move(*this);
}

scripted_reply says(std::string text) {
  chat_reply reply;
  reply.message = {.role = chat_role::assistant, .content = std::move(text)};
  return scripted_reply{chat_end{.reply = std::move(reply)}};
}

scripted_reply calls(std::string tool, std::string arguments, std::string id) {
  return says({}).and_calls(std::move(tool), std::move(arguments), std::move(id));
}

scripted_reply fails(error failure) {
  return scripted_reply{chat_end{.reply = std::move(failure)}};
}

scripted_reply hangs() {
  auto reply = says({});
  reply.hangs_ = true;
  return reply;
}

scripted_reply::predicate last_user_says(std::string text) {
  return [text = std::move(text)](const chat_request& request) {
    const auto& all = request.messages;
    const auto last =
        std::ranges::find(all.rbegin(), all.rend(), chat_role::user, &chat_message::role);
    return last != all.rend() && last->content.find(text) != std::string::npos;
  };
}

scripted_reply::predicate last_result_says(std::string text) {
  return [text = std::move(text)](const chat_request& request) {
    return !request.messages.empty() && request.messages.back().role == chat_role::tool &&
           request.messages.back().content.find(text) != std::string::npos;
  };
}

}  // namespace libagent::testing
