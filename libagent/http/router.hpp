#pragma once

#include "libagent/http/http_response.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace libagent {

/// The decoded values of a pattern's `{name}` segments.
class path_params {
public:
  void add(std::string name, std::string value) {
    values_.emplace_back(std::move(name), std::move(value));
  }

  /// @pre The pattern has a segment `{name}`.
  [[nodiscard]] const std::string& at(std::string_view name) const;

private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// A route found: its number in the order of `add`, and the values of its `{name}` segments.
struct matched_route {
  std::size_t route;
  path_params params;
};

/// Finds the route of a request by method and path.
///
/// A pattern is a path whose segments are literal or `{name}`, for example `/v1/tasks/{id}`; a
/// `{name}` segment matches one segment that is not empty. Literal segments win over `{name}`,
/// from the left. A route for GET also answers HEAD. A slash at the end makes another path.
/// Thread safety: reading only is safe from any thread.
class route_table {
public:
  /// Returns the number of the new route: 0, 1, 2, ...
  /// @pre `pattern` begins with `/`, has at most 16 segments, none empty but that of `/` itself,
  /// names no parameter twice, and no route of this method has the same shape already.
  std::size_t add(std::string method, std::string_view pattern);

  /// The route, or the answer to give when there is none: 404 when no pattern fits, 405 with
  /// Allow when one does but not for this method, 400 when a segment is badly encoded.
  [[nodiscard]] std::variant<matched_route, http_response> match(std::string_view method,
                                                                 std::string_view path) const;

private:
  struct segment {
    std::string text;  ///< The literal text, or the parameter's name.
    bool is_param = false;

    friend bool operator==(const segment&, const segment&) = default;
  };

  struct route {
    std::string method;
    std::vector<segment> segments;
  };

  [[nodiscard]] static std::vector<segment> compile(std::string_view pattern);
  [[nodiscard]] static bool same_shape(const route& a, const route& b);
  [[nodiscard]] static bool fits(const route& candidate, const std::vector<std::string>& path);
  [[nodiscard]] static bool is_more_literal(const route& a, const route& b);
  [[nodiscard]] static bool answers(const route& candidate, std::string_view method);
  [[nodiscard]] static path_params params_of(const route& matched, std::vector<std::string> path);

  std::vector<route> routes_;
};

/// A `route_table` that keeps something of type `Handler` with each route.
template <class Handler>
class router {
public:
  struct found {
    const Handler* handler;  ///< Valid as long as the router and until the next `add`.
    path_params params;
  };

  /// @pre As for `route_table::add`.
  void add(std::string method, std::string_view pattern, Handler handler) {
    table_.add(std::move(method), pattern);
    handlers_.push_back(std::move(handler));
  }

  /// As `route_table::match`.
  [[nodiscard]] std::variant<found, http_response> match(std::string_view method,
                                                         std::string_view path) const {
    auto result = table_.match(method, path);
    if (auto* refusal = std::get_if<http_response>(&result)) {
      return std::move(*refusal);
    }
    auto& matched = *std::get_if<matched_route>(&result);
    return found{&handlers_[matched.route], std::move(matched.params)};
  }

private:
  route_table table_;
  std::vector<Handler> handlers_;
};

}  // namespace libagent
