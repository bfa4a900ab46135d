#include "apps/agent/models_wiring.hpp"

#include "apps/agent/web_wiring.hpp"
#include "libagent/adapters/openai_model.hpp"
#include "libagent/adapters/secrets.hpp"
#include "libagent/adapters/text_file.hpp"
#include "libagent/models/model_gate.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tools/builtin/extractive_model.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace libagent::app {

namespace {

constexpr const char* extractive_name = "extractive";
constexpr const char* short_provider_name = "default";
constexpr std::size_t providers_file_bytes_max = std::size_t{4} << 20U;

/// It is answered by tasks, which have their own limits: here it is never the bottleneck.
provider_settings extractive_settings() {
  provider_settings settings{.name = extractive_name, .kind = provider_kind::embedded};
  settings.calls_max = 10'000;
  settings.queue_max = 10'000;
  settings.models.push_back({.name = extractive_name});
  return settings;
}

/// The short way: one server by its URL.
provider_settings short_settings(const model_servers_config& config) {
  provider_settings settings{.name = short_provider_name, .url = config.url};
  settings.api_key_env = config.api_key_env;
  if (!config.model.empty())
    settings.models.push_back({.name = config.model});
  return settings;
}

expected<std::vector<provider_settings>> read_providers(const model_servers_config& config) {
  models_file all;
  if (!config.file.empty()) {
    const auto text = read_text_file(config.file, providers_file_bytes_max);
    if (!text)
      return text.error();
    auto read = read_models_file(*text);
    if (!read)
      return error{read.error().code, config.file + ": " + read.error().context};
    all = *std::move(read);
  }
  if (!config.url.empty())
    all.providers.push_back(short_settings(config));
  const auto taken = std::ranges::find(all.providers, extractive_name, &provider_settings::name);
  if (taken != all.providers.end())
    return error{errc::invalid_argument, "a provider cannot be called extractive: it is built in"};
  if (auto fits = check(all); !fits)
    return fits.error();
  all.providers.push_back(extractive_settings());
  return std::move(all.providers);
}

expected<std::string> key_of(const provider_settings& provider) {
  if (!provider.api_key_env.empty()) {
    auto key = read_secret_variable(provider.api_key_env);
    if (!key || key->empty()) {
      return error{errc::invalid_argument, "provider " + provider.name + ": the variable " +
                                               provider.api_key_env + " with its key is not set"};
    }
    return *std::move(key);
  }
  if (!provider.api_key_file.empty())
    return read_secret_file(provider.api_key_file);
  return std::string{};
}

/// Asks the documents by a task of its own, so that its permits and limits apply.
document_answerer documents_of(const actors::task_starter& tasks) {
  return [tasks](std::string question, const std::stop_token& stop, time_point deadline,
                 std::function<void(expected<agent_answer>)> on_answer) {
    task_request request{.target = "answer_from_documents",
                         .arguments = {to_json(agent_question{.question = std::move(question)})}};
    if (deadline != time_point::max()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      request.timeout = std::max(left, std::chrono::milliseconds{1});
    }
    tasks(std::move(request), stop,
          [on_answer = std::move(on_answer)](const expected<raw_json>& output) {
            on_answer(output ? from_json<agent_answer>(output->text)
                             : expected<agent_answer>{output.error()});
          });
  };
}

}  // namespace

expected<void> wired_models::check_model(std::string_view name) const {
  if (name == short_provider_name)
    return {};  // May be configured another time; until then calls say that it is missing.
  const model_gate gate{providers, 1};
  if (auto found = gate.resolve(name); !found)
    return found.error();
  return {};
}

expected<wired_models> wire_models(const agent_config& config,
                                   const std::function<void()>& on_thread_start) {
  auto providers = read_providers(config.models);
  if (!providers)
    return providers.error();
  std::vector<actors::model_provider> servers;
  web_client_ptr client;
  for (const auto& each : *providers) {
    if (each.kind == provider_kind::embedded)
      continue;
    auto key = key_of(each);
    if (!key)
      return key.error();
    auto settings = openai_settings_of(each, *std::move(key));
    if (!settings)
      return settings.error();
    if (!client) {
      auto made = make_web_client(config, on_thread_start);
      if (!made)
        return made.error();
      client = *std::move(made);
    }
    auto model = openai_model::make(*std::move(settings), client);
    if (!model)
      return error{model.error().code, "provider " + each.name + ": " + model.error().context};
    servers.push_back({.settings = each, .model = *std::move(model)});
  }
  wired_models wired{.providers = *std::move(providers), .client = client, .make = {}};
  wired.make = [servers = std::move(servers)](const actors::task_starter& tasks) {
    auto all = servers;
    all.push_back({.settings = extractive_settings(),
                   .model = std::make_shared<extractive_model>(documents_of(tasks))});
    return all;
  };
  return wired;
}

}  // namespace libagent::app
