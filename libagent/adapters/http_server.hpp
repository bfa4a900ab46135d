#pragma once

#include "libagent/ports/http_server.hpp"

#include <memory>

namespace libagent {

/// A server on Boost.Asio and Boost.Beast's parser; it does nothing until `start`.
///
/// Each I/O thread owns its connections; others only post to it. TLS is not spoken: put a proxy in
/// front before listening on more than the loopback interface.
/// @pre `handler` is not null; the sizes, limits and intervals of `options` are not zero (but
/// `port` and `stream_keep_alive` may be).
[[nodiscard]] std::unique_ptr<http_server> make_http_server(http_options options,
                                                            std::shared_ptr<http_handler> handler);

}  // namespace libagent
