#pragma once
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"

namespace nestbox {

/// JPEG of a BT.709 limited-range picture, I420 or NV12, plane by plane without a way through RGB.
///
/// A JPEG has the colours of BT.601 in full range (JFIF 1.02), and viewers take it so: luma and chroma are stretched
/// and turned from one matrix to the other on the way, so that black is 0, white 255, and a red stays that red. Chroma
/// keeps its 4:2:0.
///
/// Quality 1 to 100. Thread-safe; each thread keeps its own TurboJPEG handle and the planes of its largest picture.
/// Errors: kInvalidArgument for a quality outside of that and for a picture that is empty, odd, or larger than JPEG
/// can be (65500); kInternal from TurboJPEG.
Result<std::string> encode_jpeg(const ImageView& picture, int quality);

}  // namespace nestbox
