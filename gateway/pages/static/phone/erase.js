// Somebody has signed out here: the sheets on this phone are erased. What waits for the door stays: the phone can't read it.
{
  const base = location.pathname.replace(/\/sign-in$/, "");
  const request = indexedDB.open(`kakehashi-sheets${base}`, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("state");
  request.onsuccess = () => {
    const transaction = request.result.transaction("state", "readwrite");
    transaction.objectStore("state").clear();
    transaction.oncomplete = () => request.result.close();
  };
}
