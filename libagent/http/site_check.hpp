#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_request.hpp"

#include <string>
#include <vector>

namespace libagent {

/// Refuses what a web page in somebody's browser may have sent.
///
/// A page from anywhere can make its visitor's browser send requests to a server on the visitor's
/// own machine. The browser says so in `Origin`, which must then name this server. And a page can
/// have its own domain name resolved to a loopback address (DNS rebinding); then `Host` has that
/// name. So `Host` must be an IP address, `localhost`, or one of `host_names`; ports don't matter.
/// Programs that send neither header pass. Errors: `invalid_argument` that says what to do.
[[nodiscard]] expected<void> check_site(const http_request& request,
                                        const std::vector<std::string>& host_names);

}  // namespace libagent
