#include "libagent/http/router.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/http/url.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace libagent {

namespace {

constexpr std::size_t segments_max = 16;

/// Calls `take` with each part of `/a/b`, until it returns false.
template <class Take>
void for_each_segment(std::string_view path, Take take) {
  auto slash = path.find('/');
  while (slash != std::string_view::npos) {
    path.remove_prefix(slash + 1);
    slash = path.find('/');
    if (!take(path.substr(0, slash)))
      return;
  }
}

/// The decoded segments. Errors: errc::invalid_argument for a bad encoding, errc::not_found for a
/// path that no pattern can fit.
expected<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> parts;
  std::optional<error> failure;
  const auto take = [&](std::string_view raw) {
    auto part = percent_decode(raw, plus_means::plus);
    if (!part) {
      failure = part.error();
    } else if (parts.size() == segments_max) {
      failure = error{errc::not_found, "split path: too many segments"};
    } else {
      parts.push_back(std::move(*part));
    }
    return !failure.has_value();
  };
  if (!path.starts_with('/'))
    return error{errc::not_found, "split path: it does not begin with '/'"};
  for_each_segment(path, take);
  if (failure)
    return *failure;
  return parts;
}

http_response no_such_path(std::string_view method, std::string_view path) {
  return error_response(http_error{
      .status = 404,
      .message = "no route " + std::string{method} + " " + std::string{path.substr(0, 200)},
      .type = {},
      .code = "not_found",
      .param = {}});
}

http_response wrong_method(std::string_view method, std::string_view path,
                           std::set<std::string> allowed) {
  if (allowed.contains("GET"))
    allowed.insert("HEAD");
  std::string list;
  for (const auto& name : allowed)
    list.append(list.empty() ? "" : ", ").append(name);
  auto response =
      error_response(http_error{.status = 405,
                                .message = std::string{path.substr(0, 200)} + " allows " + list +
                                           ", not " + std::string{method},
                                .type = {},
                                .code = "method_not_allowed",
                                .param = {}});
  response.headers.set("Allow", list);
  return response;
}

}  // namespace

const std::string& path_params::at(std::string_view name) const {
  const auto found = std::ranges::find(
      values_, name, [](const auto& value) -> std::string_view { return value.first; });
  LIBAGENT_EXPECTS(found != values_.end());
  return found->second;
}

std::size_t route_table::add(std::string method, std::string_view pattern) {
  route added{std::move(method), compile(pattern)};
  LIBAGENT_EXPECTS(std::ranges::none_of(routes_, [&](const route& other) {
    return other.method == added.method && same_shape(other, added);
  }));
  routes_.push_back(std::move(added));
  return routes_.size() - 1;
}

std::vector<route_table::segment> route_table::compile(std::string_view pattern) {
  LIBAGENT_EXPECTS(pattern.starts_with('/'));
  std::vector<segment> segments;
  for_each_segment(pattern, [&](std::string_view part) {
    LIBAGENT_EXPECTS(!part.empty() || pattern == "/");
    segment next{.text = std::string{part}};
    if (part.starts_with('{')) {
      LIBAGENT_EXPECTS(part.size() > 2 && part.ends_with('}'));
      next = {.text = std::string{part.substr(1, part.size() - 2)}, .is_param = true};
      LIBAGENT_EXPECTS(std::ranges::find(segments, next) == segments.end());
    }
    segments.push_back(std::move(next));
    return true;
  });
  LIBAGENT_EXPECTS(segments.size() <= segments_max);
  return segments;
}

bool route_table::same_shape(const route& a, const route& b) {
  return std::ranges::equal(a.segments, b.segments, [](const segment& x, const segment& y) {
    return x.is_param ? y.is_param : x == y;
  });
}

bool route_table::fits(const route& candidate, const std::vector<std::string>& path) {
  return std::ranges::equal(candidate.segments, path, [](const segment& want, const auto& got) {
    return want.is_param ? !got.empty() : want.text == got;
  });
}

bool route_table::is_more_literal(const route& a, const route& b) {
  return std::ranges::lexicographical_compare(a.segments, b.segments, {}, &segment::is_param,
                                              &segment::is_param);
}

bool route_table::answers(const route& candidate, std::string_view method) {
  return candidate.method == method || (candidate.method == "GET" && method == "HEAD");
}

path_params route_table::params_of(const route& matched, std::vector<std::string> path) {
  path_params params;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (matched.segments[i].is_param)
      params.add(matched.segments[i].text, std::move(path[i]));
  }
  return params;
}

std::variant<matched_route, http_response> route_table::match(std::string_view method,
                                                              std::string_view path) const {
  auto parts = split_path(path);
  if (!parts) {
    return parts.error().code == errc::invalid_argument ? error_response(parts.error())
                                                        : no_such_path(method, path);
  }
  const route* best = nullptr;
  std::set<std::string> allowed;
  for (const auto& candidate : routes_) {
    if (!fits(candidate, *parts))
      continue;
    allowed.insert(candidate.method);
    if (answers(candidate, method) && (best == nullptr || is_more_literal(candidate, *best)))
      best = &candidate;
  }
  if (best == nullptr)
    return allowed.empty() ? no_such_path(method, path) : wrong_method(method, path, allowed);

  return matched_route{.route = static_cast<std::size_t>(best - routes_.data()),
                       .params = params_of(*best, *std::move(parts))};
}

}  // namespace libagent
