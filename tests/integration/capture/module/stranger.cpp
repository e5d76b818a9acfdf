/// A camera module of another version of the port.
extern "C" int nestbox_camera_port_version() {
  return -1;
}
extern "C" void* nestbox_make_camera_backend() {
  return nullptr;
}
