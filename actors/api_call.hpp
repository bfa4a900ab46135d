#pragma once

#include "libagent/api/api_keys.hpp"
#include "libagent/http/router.hpp"
#include "libagent/ports/http_server.hpp"

namespace libagent::actors {

/// One request on its way to the code of its route. Lives as long as that call.
struct api_call {
  const http_exchange_ptr& exchange;
  const path_params& params;
  const api_caller& caller;

  [[nodiscard]] const http_request& request() const { return exchange->request(); }
};

}  // namespace libagent::actors
