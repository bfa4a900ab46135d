#include "apps/agent/settings.hpp"

#include "libagent/adapters/text_file.hpp"

#include <cstddef>
#include <cstdlib>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent::app {

namespace {

constexpr std::size_t config_bytes_max = 1U << 20U;

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text{*entry};
    if (const auto equals = text.find('='); equals != std::string::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

std::string variable_or_empty(const std::map<std::string, std::string>& all, const char* name) {
  const auto found = all.find(name);
  return found == all.end() ? std::string{} : found->second;
}

expected<config_file> read_config(const std::string& name) {
  auto text = read_text_file(name, config_bytes_max);
  if (!text)
    return text.error();
  return config_file{name, *std::move(text)};
}

}  // namespace

expected<loaded_config> load_settings(const invocation& called) {
  config_sources sources;
  sources.environment = environment();
  auto file =
      called.config_file.value_or(variable_or_empty(sources.environment, "LIBAGENT_CONFIG"));
  if (!file.empty()) {
    auto content = read_config(file);
    if (!content)
      return content.error();
    sources.file = *std::move(content);
  }
  for (const auto& [key, value] : called.settings)
    sources.overrides.push_back(std::string{key}.append("=").append(value));
  return load_agent_config(sources);
}

std::filesystem::path data_dir(const agent_config& config) {
  if (!config.documents.data_dir.empty())
    return std::filesystem::absolute(config.documents.data_dir);
  const auto all = environment();
  if (const auto data = variable_or_empty(all, "XDG_DATA_HOME"); !data.empty())
    return std::filesystem::path{data} / "libagent";
  const auto home = variable_or_empty(all, "HOME");
  return std::filesystem::path{home.empty() ? "/tmp" : home} / ".local/share/libagent";
}

std::filesystem::path documents_folder(const agent_config& config) {
  std::error_code failed;
  auto folder = std::filesystem::weakly_canonical(config.documents.folder, failed);
  return failed ? std::filesystem::absolute(config.documents.folder) : folder;
}

std::string server_url(const agent_config& config) {
  return "http://" + config.http.host + ":" + std::to_string(config.http.port);
}

}  // namespace libagent::app
