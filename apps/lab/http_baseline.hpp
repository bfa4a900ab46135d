#pragma once

#include "libagent/ports/http_server.hpp"

#include <memory>

namespace libagent {

/// Answers every request at once with the same tiny JSON: what the HTTP server costs by itself,
/// to compare with the same server in front of the dispatcher.
class constant_handler final : public http_handler {
public:
  void handle(http_exchange_ptr exchange) override;
};

/// The project's HTTP server with a `constant_handler`, not started yet.
[[nodiscard]] std::unique_ptr<http_server> make_constant_server(http_options options);

}  // namespace libagent
