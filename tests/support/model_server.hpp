#pragma once

#include "libagent/adapters/curl_web_client.hpp"
#include "libagent/adapters/openai_model.hpp"

#include "tests/support/web_calls.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace libagent::testing {

/// A server whose every byte the test writes, and a model that asks it.
struct model_server {
  explicit model_server(openai_model_settings settings = {}) {
    settings.base_url = url_at(listener, "/v1");
    auto made = openai_model::make(std::move(settings), client);
    if (!made)
      throw std::runtime_error{to_string(made.error())};
    model = *made;
  }

  /// Takes the next call's request.
  [[nodiscard]] loopback_peer next() {
    auto peer = listener.accept();
    request = receive_request(peer);
    return peer;
  }

  /// Takes the next call's request and answers all at once.
  void answer(std::string_view bytes) {
    const auto peer = next();
    peer.send(bytes);
  }

  loopback_server listener;
  std::shared_ptr<curl_web_client> client = std::make_shared<curl_web_client>();
  std::shared_ptr<openai_model> model;
  std::string request;  ///< The last one, with its head.
};

/// One event of a chat stream with this delta.
[[nodiscard]] inline std::string chat_event(std::string_view delta,
                                            std::string_view finish = "null") {
  return "data: "
         "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[{"
         "\"index\":0,\"delta\":" +
         std::string{delta} + ",\"finish_reason\":" + std::string{finish} + "}]}\n\n";
}

[[nodiscard]] inline std::string text_event(std::string_view text) {
  return chat_event("{\"content\":\"" + std::string{text} + "\"}");
}

inline constexpr std::string_view done_event = "data: [DONE]\n\n";

/// `text` as chunks of `size` bytes each, to the end of the body.
[[nodiscard]] inline std::string in_chunks(std::string_view text, std::size_t size) {
  std::string all;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
    all += as_chunk(text.substr(0, size));
  return all + as_chunk("");
}

}  // namespace libagent::testing
