#include "libagent/openai/provider_error.hpp"

#include "libagent/openai/json_tape.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

provider_error read_failure(int status, const std::string& body, const http_headers& headers = {}) {
  return read_provider_error(status, headers, body, 784'111'777'000);
}

std::string openai_error(const std::string& message, const std::string& type,
                         const std::string& code = "") {
  return R"({"error":{"message":")" + message + R"(","type":")" + type +
         R"(","param":null,"code":)" + (code.empty() ? "null" : '"' + code + '"') + "}}";
}

}  // namespace

TEST_CASE("a status means the same with and without a body", "[openai]") {
  const auto [status, code] = GENERATE(table<int, errc>({{400, errc::invalid_argument},
                                                         {401, errc::unauthenticated},
                                                         {402, errc::budget_exceeded},
                                                         {403, errc::permission_denied},
                                                         {404, errc::not_found},
                                                         {408, errc::unavailable},
                                                         {409, errc::unavailable},
                                                         {413, errc::invalid_argument},
                                                         {422, errc::invalid_argument},
                                                         {429, errc::rate_limited},
                                                         {500, errc::unavailable},
                                                         {501, errc::unsupported},
                                                         {502, errc::unavailable},
                                                         {503, errc::overloaded},
                                                         {504, errc::unavailable},
                                                         {529, errc::overloaded},
                                                         {302, errc::invalid_argument}}));
  CAPTURE(status);
  CHECK(read_failure(status, "").failure.code == code);
  CHECK(read_failure(status, "<html>").failure.code == code);
  CHECK(read_failure(status, openai_error("why", "")).failure.code == code);
}

TEST_CASE("a quota that is used up is no matter of waiting", "[openai]") {
  const auto body =
      openai_error("You exceeded your current quota", "insufficient_quota", "insufficient_quota");
  CHECK(read_failure(429, body).failure.code == errc::budget_exceeded);
  CHECK(read_failure(429, openai_error("slow down", "requests", "rate_limit_exceeded"))
            .failure.code == errc::rate_limited);
  CHECK(read_failure(413, openai_error("tokens per minute", "tokens", "rate_limit_exceeded"))
            .failure.code == errc::rate_limited);
}

TEST_CASE("llama.cpp tells its window and the size of the prompt", "[openai]") {
  const auto out = read_failure(
      400, R"({"error":{"code":400,"message":"the request exceeds the available context size",)"
           R"("type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}})");
  CHECK(out.failure.code == errc::context_too_long);
  CHECK(out.context_tokens == 4096);
  CHECK(out.prompt_tokens == 5000);
}

TEST_CASE("OpenAI tells its window in words", "[openai]") {
  const auto out = read_failure(
      400,
      openai_error("This model's maximum context length is 8192 tokens. However, your messages "
                   "resulted in 9001 tokens.",
                   "invalid_request_error", "context_length_exceeded"));
  CHECK(out.failure.code == errc::context_too_long);
  CHECK(out.context_tokens == 8192);
  CHECK(out.prompt_tokens == 9001);
}

TEST_CASE("a server that loads its model is not overloaded", "[openai]") {
  const auto out = read_failure(
      503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})");
  CHECK(out.failure.code == errc::unavailable);
}

TEST_CASE("a tool call that the model spoiled is corrupt, not worth the same again", "[openai]") {
  const auto out = read_failure(
      500, R"({"error":{"code":500,"message":"Failed to parse tool call arguments as JSON: x",)"
           R"("type":"server_error"}})");
  CHECK(out.failure.code == errc::corrupt);
}

TEST_CASE("the message is repeated, cut short, but never where it may hold a key", "[openai]") {
  const auto shown = read_failure(400, openai_error(std::string(2'000, 'x'), "")).failure.context;
  CHECK_THAT(shown, Catch::StartsWith("call model: it answered with status 400: \"xxx"));
  CHECK(shown.size() < 400);
  const auto hidden =
      read_failure(401, openai_error("Incorrect API key provided: sk-abc", "", "invalid_api_key"));
  CHECK(hidden.failure.context == "call model: it answered with status 401: \"invalid_api_key\"");
}

TEST_CASE("errors at the top of a body are found too", "[openai]") {
  CHECK_THAT(read_failure(400, R"({"object":"error","message":"bad model"})").failure.context,
             Catch::Contains("bad model"));
  CHECK_THAT(read_failure(404, R"({"detail":"Not Found"})").failure.context,
             Catch::Contains("Not Found"));
  CHECK_THAT(read_failure(404, R"({"error":"model 'x' not found"})").failure.context,
             Catch::Contains("model 'x' not found"));
}

TEST_CASE("how long to wait comes from the header fields", "[openai]") {
  CHECK(read_failure(429, "", {{"Retry-After", "2"}}).failure.retry_after == 2s);
  CHECK(read_failure(429, "", {{"retry-after", "0.25"}}).failure.retry_after == 250ms);
  CHECK(read_failure(503, "", {{"Retry-After", "9"}, {"retry-after-ms", "1500"}})
            .failure.retry_after == 1500ms);
  CHECK(read_failure(503, "", {{"Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"}})
            .failure.retry_after == 10s);
  CHECK_FALSE(read_failure(503, "", {{"Retry-After", "soon"}}).failure.retry_after);
  CHECK_FALSE(read_failure(503, "").failure.retry_after);
}

TEST_CASE("a provider's advice on trying again is passed on", "[openai]") {
  CHECK(read_failure(500, "", {{"x-should-retry", "false"}}).should_retry == false);
  CHECK(read_failure(400, "", {{"x-should-retry", "true"}}).should_retry == true);
  CHECK_FALSE(read_failure(400, "").should_retry);
}

TEST_CASE("an error within a stream is judged by its type or code", "[openai]") {
  const auto [text, code] = GENERATE(table<std::string, errc>(
      {{R"({"type":"rate_limit_error"})", errc::rate_limited},
       {R"({"type":"insufficient_quota"})", errc::budget_exceeded},
       {R"({"code":400,"type":"exceed_context_size_error"})", errc::context_too_long},
       {R"({"code":401})", errc::unauthenticated},
       {R"({"type":"server_error","message":"x"})", errc::unavailable},
       {R"({"type":"overloaded_error"})", errc::overloaded},
       {R"("just words")", errc::unavailable}}));
  CAPTURE(text);
  json_tape tape;
  REQUIRE(tape.read(text));
  CHECK(read_error_value(tape.root()).failure.code == code);
}
