#include "apps/lab/http_baseline.hpp"

#include "libagent/adapters/http_server.hpp"

#include <utility>

namespace libagent {

void constant_handler::handle(http_exchange_ptr exchange) {
  exchange->respond(json_response(200, R"({"ok":true})"));
}

std::unique_ptr<http_server> make_constant_server(http_options options) {
  return make_http_server(std::move(options), std::make_shared<constant_handler>());
}

}  // namespace libagent
