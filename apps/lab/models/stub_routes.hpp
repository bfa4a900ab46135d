#pragma once

#include "apps/lab/models/stub_http.hpp"
#include "apps/lab/models/stub_reply.hpp"
#include "apps/lab/models/stub_server.hpp"

#include <utility>

namespace libagent::lab {

/// Answers requests. Thread safety: none.
class stub_routes {
public:
  explicit stub_routes(stub_options options) : options_{std::move(options)} {}

  /// `counts`: what `/stats` shows; requests and faults are added to it.
  [[nodiscard]] stub_reply answer(const stub_http_request& request, stub_counts& counts);

private:
  [[nodiscard]] stub_reply chat(std::string_view body, stub_counts& counts);
  [[nodiscard]] stub_reply embed(std::string_view body) const;

  stub_options options_;
  std::uint64_t chats_ = 0;
};

}  // namespace libagent::lab
