#include "libagent/adapters/openai_model.hpp"

#include "tests/support/chat_calls.hpp"
#include "tests/support/model_server.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

chat_end end_with_status(int status, std::string_view body, std::string_view fields = {}) {
  model_server server{{.api_key = "sk-very-secret"}};
  const auto answer = chat_answer::of(*server.model);
  server.answer(as_answer(status, body, fields));
  auto end = answer->end();
  REQUIRE_FALSE(end.reply);
  CHECK_FALSE(end.began);
  return end;
}

std::string error_body(std::string_view message, std::string_view type) {
  return R"({"error":{"message":")" + std::string{message} + R"(","type":")" + std::string{type} +
         R"(","param":null,"code":null}})";
}

/// The answer of a server whose model is looked up.
template <class Serve>
expected<chat_model_facts> facts_of(provider_kind kind, const Serve& serve) {
  model_server server{{.kind = kind}};
  std::promise<expected<chat_model_facts>> told;
  server.model->look_up(
      [&](expected<chat_model_facts> facts) { told.set_value(std::move(facts)); });
  serve(server);
  return told.get_future().get();
}

expected<embedding_call::reply> embeddings_with(const std::string& bytes,
                                                std::vector<std::string> inputs) {
  model_server server;
  std::promise<expected<embedding_call::reply>> told;
  server.model->start(embedding_call{
      .model = "e",
      .inputs = std::move(inputs),
      .on_end = [&](expected<embedding_call::reply> reply) { told.set_value(std::move(reply)); }});
  server.answer(bytes);
  CHECK_THAT(server.request, Catch::StartsWith("POST /v1/embeddings "));
  return told.get_future().get();
}

}  // namespace

TEST_CASE("each status means what callers can act upon", "[openai_model]") {
  const auto code = [](int status, std::string_view type = "invalid_request_error") {
    return end_with_status(status, error_body("no", type)).reply.error().code;
  };
  CHECK(code(400) == errc::invalid_argument);
  CHECK(code(401, "authentication_error") == errc::unauthenticated);
  CHECK(code(403) == errc::permission_denied);
  CHECK(code(404) == errc::not_found);
  CHECK(code(429, "rate_limit_error") == errc::rate_limited);
  CHECK(code(429, "insufficient_quota") == errc::budget_exceeded);
  CHECK(code(500, "server_error") == errc::unavailable);
  CHECK(code(503, "unavailable_error") == errc::unavailable);
  CHECK(code(301) == errc::invalid_argument);
}

TEST_CASE("an answer that asks to wait says how long", "[openai_model]") {
  const auto end =
      end_with_status(429, error_body("slow down", "rate_limit_error"), "Retry-After: 3\r\n");
  CHECK(end.reply.error().retry_after == 3s);
  CHECK_THAT(end.reply.error().context, Catch::Contains("slow down"));
  const auto exact = end_with_status(503, "", "Retry-After-Ms: 250\r\nRetry-After: 9\r\n");
  CHECK(exact.reply.error().retry_after == 250ms);
}

TEST_CASE("a request past the window says how large both are", "[openai_model]") {
  const auto end = end_with_status(
      400, R"({"error":{"code":400,"message":"too long","type":"exceed_context_size_error",)"
           R"("n_prompt_tokens":5000,"n_ctx":4096}})");
  CHECK(end.reply.error().code == errc::context_too_long);
  CHECK(end.context_tokens == 4'096U);
  CHECK(end.prompt_tokens == 5'000U);
}

TEST_CASE("an error never has the key in it, not even when the server repeats it",
          "[openai_model]") {
  const auto end = end_with_status(
      401, error_body("Incorrect API key provided: sk-very-secret", "invalid_request_error"));
  CHECK(end.reply.error().code == errc::unauthenticated);
  CHECK_THAT(end.reply.error().context, !Catch::Contains("secret"));
}

TEST_CASE("an error page of a proxy is what its status says", "[openai_model]") {
  const auto end = end_with_status(502, "<html>" + std::string(100'000, 'x') + "</html>",
                                   "Content-Type: text/html\r\n");
  CHECK(end.reply.error().code == errc::unavailable);
  CHECK(end.reply.error().context.size() < 300);
}

TEST_CASE("a status whose body is cut still counts", "[openai_model]") {
  model_server server;
  const auto answer = chat_answer::of(*server.model);
  server.answer("HTTP/1.1 429 X\r\nContent-Length: 1000\r\nRetry-After: 1\r\n\r\n{\"err");
  const auto end = answer->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::rate_limited);
  CHECK(end.reply.error().retry_after == 1s);
}

TEST_CASE("settings that cannot work are refused without repeating the key", "[openai_model]") {
  const auto client = std::make_shared<curl_web_client>();
  const auto refusal = [&](openai_model_settings settings) {
    const auto made = openai_model::make(std::move(settings), client);
    return made ? std::string{} : to_string(made.error());
  };
  CHECK(refusal({.base_url = "http://h/v1/", .api_key = "sk-1\n"}).empty());
  CHECK_THAT(refusal({.base_url = "h:x/v1"}), Catch::Contains("parse URL"));
  CHECK_THAT(refusal({.base_url = "ftp://h/v1"}), Catch::Contains("http://"));
  const auto with_user = refusal({.base_url = "http://me:secret@h/v1"});
  CHECK_THAT(with_user, Catch::Contains("user") && !Catch::Contains("secret"));
  CHECK_THAT(refusal({.base_url = "http://h/v1?key=1"}), Catch::Contains("query"));
  for (const std::string key : {"sk-secret\r\nX-Other: y", "sk-secret two", "sk-secret\x01"}) {
    const auto text = refusal({.base_url = "http://h/v1", .api_key = key});
    CHECK_THAT(text, Catch::Contains("key") && !Catch::Contains("secret"));
  }
}

TEST_CASE("settings come from a configured provider, but for headers that cannot be sent",
          "[openai_model]") {
  provider_settings provider{.name = "p", .kind = provider_kind::vllm, .url = "http://h/v1"};
  provider.headers = {{"X-A", "b"}};
  provider.timeouts.between_chunks = 7s;
  const auto settings = openai_settings_of(provider, "sk-1");
  REQUIRE(settings);
  CHECK(settings->kind == provider_kind::vllm);
  CHECK(settings->headers.find("X-A") == "b");
  CHECK(settings->idle_timeout == 7s);
  CHECK(settings->api_key == "sk-1");
  provider.headers = {{"X-A", "b\r\nX-C: secret"}};
  const auto refused = openai_settings_of(provider, {});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().context, Catch::Contains("X-A") && !Catch::Contains("secret"));
}

TEST_CASE("llama.cpp tells its slots and their window", "[openai_model]") {
  const auto facts = facts_of(provider_kind::llama_cpp, [](model_server& server) {
    server.answer(
        as_answer(200, R"({"total_slots":4,"default_generation_settings":{"n_ctx":8192}})"));
    CHECK_THAT(server.request, Catch::StartsWith("GET /props "));
  });
  REQUIRE(facts);
  CHECK(facts->slots == 4U);
  CHECK(facts->context_tokens == 8'192U);
}

TEST_CASE("what llama.cpp does not tell of itself is read from its slots", "[openai_model]") {
  const auto facts = facts_of(provider_kind::llama_cpp, [](model_server& server) {
    server.answer(as_answer(200, R"({"total_slots":2})", "Connection: close\r\n"));
    server.answer(as_answer(200, R"([{"id":0,"n_ctx":2048},{"id":1,"n_ctx":2048}])"));
    CHECK_THAT(server.request, Catch::StartsWith("GET /slots "));
  });
  REQUIRE(facts);
  CHECK(facts->slots == 2U);
  CHECK(facts->context_tokens == 2'048U);
  const auto without = facts_of(provider_kind::llama_cpp, [](model_server& server) {
    server.answer(as_answer(200, R"({"total_slots":2})", "Connection: close\r\n"));
    server.answer(as_answer(501, error_body("off", "not_supported_error")));
  });
  REQUIRE(without);
  CHECK(without->slots == 2U);
  CHECK_FALSE(without->context_tokens);
}

TEST_CASE("other servers tell their window with their models, if it is one", "[openai_model]") {
  const auto window = [](const std::string& models) {
    const auto facts = facts_of(provider_kind::vllm, [&](model_server& server) {
      server.answer(as_answer(200, R"({"object":"list","data":[)" + models + "]}"));
      CHECK_THAT(server.request, Catch::StartsWith("GET /v1/models "));
    });
    REQUIRE(facts);
    return facts->context_tokens;
  };
  const std::string a = R"({"id":"a","object":"model","max_model_len":4096})";
  const std::string b = R"({"id":"b","object":"model","max_model_len":8192})";
  CHECK(window(a) == 4'096U);
  CHECK(window(a + "," + a) == 4'096U);
  CHECK_FALSE(window(a + "," + b));
  CHECK_FALSE(window(""));
}

TEST_CASE("a server that knows nothing of itself gives an error", "[openai_model]") {
  const auto facts = facts_of(provider_kind::openai, [](model_server& server) {
    server.answer(as_answer(404, error_body("no route", "not_found_error")));
  });
  REQUIRE_FALSE(facts);
  CHECK(facts.error().code == errc::not_found);
}

TEST_CASE("texts become vectors, one each and in order", "[openai_model]") {
  const auto reply = embeddings_with(
      as_answer(200,
                R"({"object":"list","model":"e","data":[{"index":1,"embedding":[3,4]},)"
                R"({"index":0,"embedding":[1,2]}],"usage":{"prompt_tokens":5,"total_tokens":5}})"),
      {"one", "two"});
  REQUIRE(reply);
  CHECK(reply->embeddings == std::vector<std::vector<float>>{{1, 2}, {3, 4}});
  CHECK(reply->usage.prompt == 5);
}

TEST_CASE("vectors that are not what was asked for are corrupt", "[openai_model]") {
  const auto reply = embeddings_with(as_answer(200, R"({"data":[{"index":0,"embedding":[1,2]}]})"),
                                     {"one", "two"});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == errc::corrupt);
  const auto refused = embeddings_with(as_answer(401, ""), {"one"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unauthenticated);
}
