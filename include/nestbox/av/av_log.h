#pragma once
/// FFmpeg's log, made part of ours. FFmpeg often returns "Input/output error" and prints the reason: both are kept.
#include <string>

namespace nestbox {

/// Sends FFmpeg's lines to our log: fatal ones as warnings, all others down to AV_LOG_INFO as debug lines, because the
/// adapter that failed says so itself, with take_last_av_complaint(). Every line is redacted and its rate limited.
/// Call it once, early in main(), before any thread uses FFmpeg; again is harmless.
void install_av_log_bridge();

/// What FFmpeg complained about (errors) on the calling thread since the last call, oldest first, joined by "; ":
/// "tls: The certificate's owner does not match hostname live.example". The last 4 lines are kept, of at most 240
/// characters each, redacted. Empty: no complaint. Lines that FFmpeg's own threads print are not among them.
std::string take_last_av_complaint();

}  // namespace nestbox
