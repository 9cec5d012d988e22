// Where the drawing program finds its fonts: at our own address. Must be read before the program is.
declare const __EXCALIDRAW_FILES__: string;
declare global {
  interface Window {
    EXCALIDRAW_ASSET_PATH?: string;
  }
}

window.EXCALIDRAW_ASSET_PATH = __EXCALIDRAW_FILES__;

export {};
