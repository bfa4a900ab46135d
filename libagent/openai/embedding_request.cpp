#include "libagent/base/text.hpp"
#include "libagent/openai/embeddings.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/request_problem.hpp"

#include <cstdint>

namespace libagent {

namespace {

constexpr std::size_t embedding_name_max = 512;

bool read_input(json_view value, const request_path& at, request_problem& problem,
                std::string& out) {
  if (value.is_number() || value.is_array())
    return problem.wrong(at, "tokens are not supported; expected a string", "unsupported_value");
  if (!value.is_string())
    return problem.wrong_type(at, "a string", value);
  out = value.text();
  return !out.empty() || problem.wrong(at, "must not be empty");
}

bool read_inputs(json_view value, const embedding_request_limits& limits, request_problem& problem,
                 std::vector<std::string>& out) {
  const request_path at{.name = "input"};
  if (!value.has_value())
    return problem.missing(at, "a string or an array of strings");
  if (!value.is_array())
    return read_input(value, at, problem, out.emplace_back());
  const auto size = value.size();
  if (size == 0 || size > limits.inputs_max) {
    return problem.wrong(at, "expected 1 to " + std::to_string(limits.inputs_max) +
                                 " inputs, got " + std::to_string(size));
  }
  return value.each_element([&](json_view element) {
    const request_path element_at{.before = &at, .name = {}, .index = out.size()};
    return read_input(element, element_at, problem, out.emplace_back());
  });
}

bool read_encoding(json_view value, request_problem& problem, bool& base64) {
  const request_path at{.name = "encoding_format"};
  std::string name;
  if (!problem.read(value, at, embedding_name_max, name))
    return false;
  base64 = name == "base64";
  return base64 || name.empty() || name == "float" ||
         problem.wrong(at, R"(expected "float" or "base64", got )" + quoted_excerpt(name));
}

bool read_dimensions(json_view value, request_problem& problem, std::optional<std::uint32_t>& out) {
  constexpr std::int64_t dimensions_max = 65'536;
  std::optional<std::int64_t> wide;
  if (!problem.read(value, {.name = "dimensions"}, 1, dimensions_max, wide))
    return false;
  if (wide)
    out = static_cast<std::uint32_t>(*wide);
  return true;
}

}  // namespace

std::variant<embedding_request, http_error> read_embedding_request(
    std::string_view body, const embedding_request_limits& limits) {
  json_tape tape{{.bytes_max = limits.body_bytes_max}};
  request_problem problem;
  if (auto done = tape.read(body); !done) {
    problem.unreadable(done.error());
    return problem.failure();
  }
  embedding_request out;
  const auto root = tape.root();
  const bool good =
      (root.is_object() || problem.wrong_type({}, "an object as the request's body", root)) &&
      problem.read_required(root.find("model"), {.name = "model"}, embedding_name_max, out.model) &&
      read_inputs(root.find("input"), limits, problem, out.inputs) &&
      read_encoding(root.find("encoding_format"), problem, out.base64) &&
      read_dimensions(root.find("dimensions"), problem, out.dimensions) &&
      problem.read(root.find("user"), {.name = "user"}, embedding_name_max, out.user);
  if (!good)
    return problem.failure();
  return out;
}

}  // namespace libagent
