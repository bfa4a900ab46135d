#include "apps/lab/models/stub_routes.hpp"

#include "apps/lab/models/stub_misdeeds.hpp"
#include "apps/lab/models/stub_request.hpp"
#include "libagent/base/random.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

using nlohmann::ordered_json;

stub_reply json_reply(const ordered_json& body) {
  stub_reply reply;
  reply.pieces.push_back(
      {.bytes = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace)});
  return reply;
}

/// Different for different texts, of length 1.
std::vector<float> stub_embedding(const std::string& text, std::uint32_t dimensions) {
  seeded_random random{std::hash<std::string>{}(text)};
  std::vector<float> values(dimensions);
  double squares = 0;
  for (auto& each : values) {
    const auto drawn = random.unit() - 0.5;
    squares += drawn * drawn;
    each = static_cast<float>(drawn);
  }
  for (auto& each : values)
    each /= static_cast<float>(std::sqrt(squares));
  return values;
}

/// RFC 4648 of the values as little-endian bytes, as the OpenAI API reference describes it.
std::string base64_of(const std::vector<float>& values) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string_view bytes{reinterpret_cast<const char*>(values.data()),
                               values.size() * sizeof(float)};
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (unsigned i = 0; i < 4; ++i)
      text += at + i > bytes.size() ? '=' : digits[bits >> (18U - 6U * i) & 63U];
  }
  return text;
}

/// The texts of a request's `input`; empty when there are none.
std::vector<std::string> inputs_of(const ordered_json& asked) {
  const auto input = asked.find("input");
  if (input == asked.end())
    return {};
  if (input->is_string())
    return {input->get<std::string>()};
  std::vector<std::string> all;
  for (const auto& each : *input)
    all.push_back(each.is_string() ? each.get<std::string>() : each.dump());
  return all;
}

ordered_json stats_of(const stub_counts& counts) {
  auto by_fault = ordered_json::object();
  for (std::size_t i = 1; i < stub_fault_kinds; ++i) {
    if (counts.by_fault.at(i) > 0)
      by_fault[std::string{fault_name(static_cast<stub_fault>(i))}] = counts.by_fault.at(i);
  }
  return {{"requests", counts.requests},
          {"faults", counts.faults},
          {"by_fault", std::move(by_fault)},
          {"abandoned", counts.abandoned},
          {"open", counts.open}};
}

stub_reply context_exceeded(std::uint64_t prompt, std::uint32_t context) {
  auto reply = json_reply({{"error",
                            {{"code", 400},
                             {"message", "the request exceeds the available context size"},
                             {"type", "exceed_context_size_error"},
                             {"n_prompt_tokens", prompt},
                             {"n_ctx", context}}}});
  reply.status = 400;
  return reply;
}

}  // namespace

stub_reply stub_routes::chat(std::string_view body, stub_counts& counts) {
  const auto number = ++chats_;
  auto request = read_stub_request(body, options_.load.echo);
  if (!request)
    return stub_error(400, "invalid_request_error", "", request.error().context);
  auto load = stub_load_of(request->model, options_.load);
  if (!load)
    return stub_error(404, "invalid_request_error", "model_not_found", load.error().context);
  if (load->echo && !options_.load.echo)
    request = read_stub_request(body, true);
  if (request->prompt_tokens > options_.context_tokens)
    return context_exceeded(request->prompt_tokens, options_.context_tokens);
  const auto fault = load->fault.value_or(draw_stub_fault(options_, number));
  load->fault = fault;
  counts.faults += fault == stub_fault::none ? 0U : 1U;
  ++counts.by_fault.at(static_cast<std::size_t>(fault));
  return spoil_stub_reply(make_stub_reply(*request, *load, number), fault, options_,
                          seeded_random{options_.seed ^ number * 0xD1342543DE82EF95ULL});
}

stub_reply stub_routes::embed(std::string_view body) const {
  const auto asked = ordered_json::parse(body, nullptr, false);
  const auto inputs = asked.is_object() ? inputs_of(asked) : std::vector<std::string>{};
  if (inputs.empty())
    return stub_error(400, "invalid_request_error", "", "input: expected a text or some");
  const bool coded = asked.value("encoding_format", ordered_json{}) == "base64";
  const auto wanted = asked.value("dimensions", ordered_json{});
  const auto dimensions = wanted.is_number_unsigned() && wanted.get<std::uint64_t>() <= 65'536
                              ? wanted.get<std::uint32_t>()
                              : options_.dimensions;
  auto data = ordered_json::array();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto values = stub_embedding(inputs[i], dimensions);
    data.push_back({{"object", "embedding"},
                    {"index", i},
                    {"embedding", coded ? ordered_json(base64_of(values)) : ordered_json(values)}});
  }
  const auto tokens = body.size() / 4;
  return json_reply({{"object", "list"},
                     {"data", std::move(data)},
                     {"model", asked.value("model", ordered_json{""})},
                     {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

stub_reply stub_routes::answer(const stub_http_request& request, stub_counts& counts) {
  const auto is = [&](std::string_view method, std::string_view path) {
    return request.method == method && request.path == path;
  };
  if (is("GET", "/stats"))
    return json_reply(stats_of(counts));
  ++counts.requests;
  if (is("GET", "/health") || is("GET", "/v1/health"))
    return json_reply({{"status", "ok"}});
  if (!options_.api_key.empty() && request.authorization != "Bearer " + options_.api_key)
    return stub_error(401, "authentication_error", "invalid_api_key", "Incorrect API key provided");
  if (is("POST", "/v1/chat/completions"))
    return chat(request.body, counts);
  if (is("POST", "/v1/embeddings"))
    return embed(request.body);
  if (is("GET", "/v1/models")) {
    return json_reply({{"object", "list"},
                       {"data", ordered_json::array({{{"id", "stub"},
                                                      {"object", "model"},
                                                      {"created", 1'700'000'000},
                                                      {"owned_by", "agent-lab"}}})}});
  }
  if (is("GET", "/props")) {
    return json_reply({{"default_generation_settings", {{"n_ctx", options_.context_tokens}}},
                       {"total_slots", options_.slots},
                       {"model_alias", "stub"}});
  }
  return stub_error(404, "not_found_error", "", "File Not Found");
}

}  // namespace libagent::lab
