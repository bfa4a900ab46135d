#pragma once

namespace libagent::actors {

/// Where the wiring puts each part in the directory; see actors/bridge/directory.hpp.
inline constexpr const char* root_path = "root";
inline constexpr const char* journal_path = "tasks/journal";
inline constexpr const char* dispatcher_path = "tasks/dispatcher";
inline constexpr const char* cache_path = "cache";  ///< Its shards: `cache/1` and so on.
inline constexpr const char* cache_disk_path = "cache/disk";
inline constexpr const char* memory_monitor_path = "memory_monitor";
inline constexpr const char* cluster_path = "cluster";
inline constexpr const char* gateway_path = "gateway";
inline constexpr const char* model_gateway_path = "models";
inline constexpr const char* sessions_path = "sessions/all";
inline constexpr const char* session_keeper_path = "session_keeper";
inline constexpr const char* span_exporter_path = "spans";
inline constexpr const char* agents_path = "agents";  ///< Each agent is at `agents/NAME`.

}  // namespace libagent::actors
